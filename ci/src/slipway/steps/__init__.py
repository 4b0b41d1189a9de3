"""Programs that run inside stage containers: Python's standard library, and where it needs more, a lock in `locks/`.

They do what a shell script would do elsewhere, but are typed, tested and quote nothing.

    stage            run one step, and record how it went
    sequence         run a list of commands one after the other
    offline          run a command without a network
    tee              start a service, and keep its log
    smoke            post held-out rows to a service, and compare its answers with the model's own
    assemble         write layers, artifacts and images as OCI layouts
    compare          compare a recorded artifact with the same one rebuilt
    bytecode         compile Python files, the same bytes every time
    imports          list the modules of others that Python files import
    advisories       the day and the digest of a local OSV database
    model_files      whether the files of a model can be read without running code
    model_signature  sign a model's folder (OpenSSF model signing)
    key              make the embedded signing key, once
    plan             normalise, redact and encrypt a saved plan
    encryption       encrypt a plan, and decrypt it
    apply            check a plan, and apply it once
    state            where the state of the infrastructure stands, and which plans are consumed
"""
