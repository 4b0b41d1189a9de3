"""What is signed about artifacts. No Dagger, no I/O.

statements   in-toto statements, strictly read
provenance   SLSA v1 provenance
mlbom        the model's bill of materials (CycloneDX)
plan_facts   what is signed of a plan, and what it may be applied to
release      the release: its payload in the registry, and dist/release.json
"""
