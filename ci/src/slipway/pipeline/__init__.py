"""What a person asks for, as numbered steps over the other folders.

release        make, judge, publish, sign, verify and tag a release
job            what a release is made from, and the values that its steps hand on
build          build and judge the model and its image
champion       the last released model, fetched and verified for a comparison
publish        describe a release as an artifact, publish and verify it
dist           the report, and the files that a user goes on with
verify         what a release has to prove, and the types that only verification makes
relying_party  the policy, keys and identities of whoever relies on a release
apply          apply a verified plan; compare infrastructure with its stack
reproduce      make a release again from what it records, and compare
materials      what each artifact was made of, as its provenance says
catalogue      every tool image, whichever folder names it
debug          every stage by its name
"""
