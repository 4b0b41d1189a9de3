"""What a relying party asks of a release, and whether a release proves it. No Dagger, no I/O.

document      policy.yaml as values
case          a release before an environment's policy: the values that the rules decide over
keys          the keys of policy.yaml
rules         every rule over every artifact
gates         the rules for gates, and waivers
verification  the answer, as a table and as JSON
champion      what the last released model has to prove before it is compared with
"""
