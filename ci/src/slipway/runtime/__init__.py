"""The only Dagger plumbing.

stage        one step in a container: what it reads, when it runs again, and how it went
tools        the pinned tool containers
images       tool images, by version
concurrency  independent work side by side
memo         what an object makes, made once
layout       an OCI layout as a folder: its digest and its size
user_errors  errors as sentences, not as stack traces
"""
