"""The two files that tell Sigstore's clients which services sign, and which roots are trusted.

Offline (cosign 3.1), an empty signing configuration names no service and an empty trusted root trusts none: nothing is
sent anywhere, nothing is fetched, and the key is the only thing that vouches.
"""

from typing import Final

import dagger

CONFIG: Final = "/run/slipway/signing-config.json"
ROOT: Final = "/run/slipway/trusted-root.json"
EMPTY_CONFIG: Final = (
    '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json",'
    '"rekorTlogConfig":{},"tsaConfig":{}}'
)
EMPTY_ROOT: Final = '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'


def offline(container: dagger.Container) -> dagger.Container:
    """The container with a signing configuration and a trusted root that name nobody."""
    return container.with_new_file(CONFIG, EMPTY_CONFIG).with_new_file(ROOT, EMPTY_ROOT)
