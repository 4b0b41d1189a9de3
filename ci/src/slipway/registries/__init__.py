"""Where artifacts go: what differs between registries, and nothing else.

base  a registry: its address, how a container reaches it, and who we are to it
"""
