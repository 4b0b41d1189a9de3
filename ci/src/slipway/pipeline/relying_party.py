"""The relying party: the policy, keys and identities that somebody who relies on a release brings."""

from collections.abc import Sequence
from dataclasses import dataclass

import dagger

from ..errors import ConfigError, VerificationError
from ..policy.document import EMBEDDED, FILE, Policy, Signer, parse
from ..publishing.client import RegistryClient
from ..signers import default_signer
from ..signers.verifier import Verifier
from .verify import VerifiedRelease, verify_release


@dataclass(frozen=True, kw_only=True)
class RelyingParty:
    """The project's tree, and the files that a user gave in place of the project's."""

    tree: dagger.Directory
    policy: dagger.File | None = None
    public_key: dagger.File | None = None
    trusted_root: dagger.File | None = None

    async def read_policy(self) -> Policy:
        """The policy that a user gave, else the project's; raises ConfigError where there is none."""
        if self.policy is not None:
            return parse(await self.policy.contents(), where="--policy-file")
        if not await self.tree.exists(FILE):
            raise ConfigError(
                f"there is no {FILE}, so nothing is known to be enough",
                where="the root of the project",
                remedy="Write one (docs/policy.md shows how), or pass --policy-file",
            )
        return parse(await self.tree.file(FILE).contents())

    async def verifiers(
        self, client: RegistryClient, signers: Sequence[Signer]
    ) -> dict[str, Verifier]:
        """What a signature of each signer is verified with, by the signer's name.

        A signer who is an identity cannot be verified without a trusted root, and is left out; where nobody is left,
        that is a VerificationError. Raises ConfigError for a key that is missing.
        """
        verifiers = {}
        for signer in signers:
            if signer.identity and self.trusted_root is not None:
                verifiers[signer.name] = Verifier(
                    identity=signer.identity, issuer=signer.issuer, root=self.trusted_root
                )
            elif signer.key:
                verifiers[signer.name] = Verifier(pem=await self._pem(client, signer))
        if not verifiers:
            names = ", ".join(signer.name for signer in signers)
            raise VerificationError(
                f"{names} may sign, by identity, and there is no trusted root to verify that with",
                where=FILE,
                remedy="Pass --trusted-root with Sigstore's trusted_root.json",
            )
        return verifiers

    async def any_signer(self, client: RegistryClient) -> Sequence[Verifier]:
        """The holder of the embedded key; with a trusted root, each signer of the policy."""
        if self.trusted_root is None:
            return [Verifier(pem=await self._embedded_pem(client))]
        signers = (await self.read_policy()).signers
        return list((await self.verifiers(client, signers)).values())

    async def _pem(self, client: RegistryClient, signer: Signer) -> str:
        if signer.key == EMBEDDED:
            return await self._embedded_pem(client)
        if not await self.tree.exists(signer.key):
            raise ConfigError(
                f"the key of the signer {signer.name} is missing: {signer.key}",
                where=FILE,
                remedy="Paths are relative to the root of the project",
            )
        return await self.tree.file(signer.key).contents()

    async def _embedded_pem(self, client: RegistryClient) -> str:
        if self.public_key is not None:
            return await self.public_key.contents()
        return (await default_signer().verifier(client.tools, client.runner)).pem


async def verify_release_for(
    client: RegistryClient, reference: str, party: RelyingParty, environment: str
) -> VerifiedRelease:
    """Verify a release for an environment of a relying party's policy; raises as verify_release does."""
    policy = await party.read_policy()
    place = policy.environment(environment)
    verifiers = await party.verifiers(client, policy.signers_of(place))
    return await verify_release(client, reference, policy, place, verifiers)
