"""What tests share and what is no test itself.

Projects, releases and forged releases for tests with an engine; Sigstore's servers and Vault as services; values for
tests without one. `lying` and `pairing` run inside containers, `strange_runtime` starts them.

`fake_dagger`, `fakes` and `fake_registry` stand for the engine, for what reaches it, and for a registry with crane and
cosign: a release takes milliseconds in them. What they do not know is a KeyError or an AssertionError, never a success.
"""
