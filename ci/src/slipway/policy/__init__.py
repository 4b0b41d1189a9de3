"""What a relying party asks of a release, and whether a release proves it. No Dagger, no I/O.

document      policy.yaml as values
rules         every rule over every artifact
verification  the answer, as a table and as JSON
champion      what the last released model has to prove before it is compared with
"""
