"""What a release is made of, and where it comes from.

source  a project's tree, its slipway.yaml, and the containers that its own code runs in
git     the commit, its time, and what differs from it
model   trained weights, their metrics and card
image   the service's image, assembled deterministically
sbom    the image's bill of materials
"""
