"""What Slipway knows, as plain Python: values, parsers and rules without Dagger, network or clock.

    digests     sha256 digests and image references
    config      slipway.yaml as frozen dataclasses (the only room that reads YAML)
    verdicts    what a gate said: status, findings, and what several of them mean together
    reports     the output of a tool read into a verdict, one module a tool
    oci         image and artifact manifests of the OCI, as deterministic bytes
    modelpack   the model as a CNCF ModelPack artifact
    layer       a folder as a normalised layer
    protobuf    protobuf messages as records
    plan_bits   a saved infrastructure plan without the time of day in it
    release     the release: what it is made of, what the gates said, where the time went
    provenance  SLSA v1 predicates
    timings     stage times and their critical path

Every parser is total: bad input is an error of `slipway.errors` that says what to do. What is time
comes from the caller. Only `config` needs more than the standard library, so the rest also runs in
stage containers.
"""
