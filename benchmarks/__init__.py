"""Slipway beside the script that a team would write instead: the same work, on the same commits, on one machine.

peer.sh, Dockerfile   the script, stage after stage
cases.py              what changes from one release to the next
peer.py, slipway.py   how each side is started, run, measured and removed
measure.py            wall time, processor time, bytes
results.py            ratios, goals and the page; plain values
"""
