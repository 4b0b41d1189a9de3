"""What tests share and what is no test itself.

Projects, releases and forged releases for tests with an engine; Sigstore's servers and Vault as services; values for
tests without one. `lying` and `pairing` run inside containers, `strange_runtime` starts them.
"""
