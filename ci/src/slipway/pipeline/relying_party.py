"""What a relying party brings: the policy, and the keys or identities that it names."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import dagger

from ..errors import ConfigError, VerificationError
from ..policy.document import EMBEDDED, FILE, Policy, Signer, parse
from ..signers.cosign import Verifier


@dataclass(frozen=True)
class RelyingParty:
    """Who relies on a release: the project's tree, and the files that a person gave in its place."""

    tree: dagger.Directory
    policy: dagger.File | None = None
    public_key: dagger.File | None = None
    root: dagger.File | None = None

    async def stated(self) -> Policy:
        """The policy that a person gave, else the project's; raises ConfigError where there is none."""
        if self.policy is not None:
            return parse(await self.policy.contents(), where="--policy")
        if not await self.tree.exists(FILE):
            raise ConfigError(
                f"there is no {FILE}, so nothing is known to be enough",
                where="the root of the project",
                remedy="Write one (docs/policy.md shows how), or pass --policy",
            )
        return parse(await self.tree.file(FILE).contents())

    async def verifiers(
        self, signers: Sequence[Signer], embedded: Callable[[], Awaitable[str]]
    ) -> dict[str, Verifier]:
        """What a signature of each signer is checked with, by the signer's name.

        A signer who is an identity cannot be asked without a root of trust, and is left out; where nobody is left, that
        is a VerificationError. Raises ConfigError for a key that is not there.
        """
        found = {}
        for signer in signers:
            if signer.identity and self.root is not None:
                found[signer.name] = Verifier(
                    identity=signer.identity, issuer=signer.issuer, root=self.root
                )
            elif signer.key:
                found[signer.name] = Verifier(pem=await _pem(signer, self.tree, embedded))
        if not found:
            names = ", ".join(signer.name for signer in signers)
            raise VerificationError(
                f"{names} may sign, by identity, and no root of trust is given for that",
                where=FILE,
                remedy="Pass --trusted-root with Sigstore's trusted_root.json",
            )
        return found


async def _pem(
    signer: Signer, tree: dagger.Directory, embedded: Callable[[], Awaitable[str]]
) -> str:
    if signer.key == EMBEDDED:
        return await embedded()
    if not await tree.exists(signer.key):
        raise ConfigError(
            f"the key of the signer {signer.name} is not there: {signer.key}",
            where=FILE,
            remedy="Paths are relative to the root of the project",
        )
    return await tree.file(signer.key).contents()
