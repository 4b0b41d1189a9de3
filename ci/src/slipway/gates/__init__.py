"""Gates: what is checked before a release, a file each.

base      what a gate is, how it is judged, and what a failed one stops
champion  the new model against the last released one
"""
