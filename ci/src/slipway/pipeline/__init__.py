"""What a person asks for, as numbered steps over the other folders.

release        make, judge, publish, sign, verify and tag a release
verify         what a release has to prove, and the types that only verification makes
relying_party  the policy, keys and identities that somebody who relies on a release brings
apply          apply a verified plan; compare infrastructure with its stack
reproduce      make a release again from what it records, and compare
materials      what each artifact was made of, as its provenance says
debug          every stage by its name
catalogue      the tool images of a run
"""
