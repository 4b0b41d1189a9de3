"""The formats of the OCI, and what registries answer. No Dagger, no I/O.

digests          sha256 digests and image references
manifests        image and artifact manifests, as deterministic bytes
modelpack        a model as a CNCF ModelPack artifact
derived_image    a new image from a base image and a few layers
layer            a folder as a normalised layer
layout_diff      what differs between two OCI layouts
content_diff     what differs between two files
registry_errors  what registry clients print when something is wrong
"""
