"""Who signs, and how a signature is verified.

cosign   cosign's command lines, a signer with a key of its own, and verifiers
keyless  signers without a key of their own: a KMS, an identity
"""
