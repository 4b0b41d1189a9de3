"""Into a registry and out of it.

client     look up, read and pull, with the evidence for what was pulled
publisher  push by digest, sign, attest, tag
contended  publish until it stays, while others publish too
"""
