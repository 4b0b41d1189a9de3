"""Who signs, and what a signature is verified with.

    base           what a signer is, and the options that choose one
    key            a cosign key: a user's, or the embedded one
    kms            a key in Vault or a KMS
    keyless        an identity (Sigstore)
    verifier       whom a verification trusts
    cosign         the command lines of cosign
    model_signing  a model's folder, signed by OpenSSF model signing
    sigstore       the two files that tell Sigstore's clients which services and roots there are

A new signer is a new file with a subclass of Signer, and a line in SIGNERS.
"""

from collections.abc import Sequence
from typing import Final

from ..errors import ConfigError
from ..policy.document import Policy
from .base import Signer, SigningOptions, option
from .key import KeySigner
from .keyless import KeylessSigner
from .kms import KmsSigner

# The first one signs where nothing selects another.
SIGNERS: Final[tuple[type[Signer], ...]] = (
    KeySigner,
    KmsSigner,
    KeylessSigner,
)
_REMEDY: Final = "docs/signing.md shows what to pass"


def default_signer() -> Signer:
    """The signer where no option selects one: the embedded key."""
    return SIGNERS[0].from_options(SigningOptions(), None)


def choose_signer(options: SigningOptions, policy: Policy | None) -> Signer:
    """The signer that the options select; raises ConfigError for options that are missing or do not go together."""
    given = [name for name in _selectors() if getattr(options, name) is not None]
    if len(given) > 1:
        raise ConfigError(
            f"{_listed(_selectors(), 'and')} are mutually exclusive",
            where=", ".join(option(name) for name in given),
            remedy="Pass one of them",
        )
    kind = next((each for each in SIGNERS if each.selected_by(options)), SIGNERS[0])
    _refuse_missing(kind, options)
    _refuse_unused(kind, options)
    return kind.from_options(options, policy)


def _selectors() -> tuple[str, ...]:
    return tuple(dict.fromkeys(kind.selector for kind in SIGNERS))


def _refuse_missing(kind: type[Signer], options: SigningOptions) -> None:
    missing = [name for name in kind.requires if name not in options.given]
    if missing:
        name = option(kind.selector)
        raise ConfigError(f"{name} requires {_listed(missing, 'and')}", where=name, remedy=_REMEDY)


def _refuse_unused(kind: type[Signer], options: SigningOptions) -> None:
    """Raise ConfigError for options that only other signers take, with the options that select those."""
    unused: dict[tuple[str, ...], list[str]] = {}
    for name in options.given:
        if name not in (kind.selector, *kind.requires, *kind.accepts):
            takers = (each.selector for each in SIGNERS if name in (*each.requires, *each.accepts))
            unused.setdefault(tuple(dict.fromkeys(takers)), []).append(name)
    if unused:
        sentences = (
            f"{_listed(names, 'and')} {'is' if len(names) == 1 else 'are'} only valid with {_listed(takers, 'or')}"
            for takers, names in unused.items()
        )
        first = next(iter(unused.values()))[0]
        raise ConfigError("; ".join(sentences), where=option(first), remedy=_REMEDY)


def _listed(names: Sequence[str], word: str) -> str:
    *others, last = (option(name) for name in names)
    return f"{', '.join(others)} {word} {last}" if others else last
