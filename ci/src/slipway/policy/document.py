"""policy.yaml: for each environment, what a release has to prove before it may go there.

`parse` tells every problem at once. A policy that asks for nothing (no signer, no builder, no gate, an identity that
matches all) is an error: it would let everything pass. `keys` declares the keys; docs/policy.md lists them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ..config.sections import Section
from ..errors import ConfigError, DataError
from ..oci.digests import Digest
from ..verdicts.verdict import Severity, WhenNotEvaluated
from .keys import POLICY

FILE = "policy.yaml"
EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who may sign: the holder of a key (a file of the project, or `embedded`), or an exact identity with the exact
    issuer that vouches for it; and the only builders that may stand in provenance that they sign.
    """

    name: str
    builders: tuple[str, ...]
    key: str = ""
    identity: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRule:
    """What is asked of a gate: that it passed, with no finding of `severity` or above that nobody waived, no longer
    ago than `max_age`, with data no older than `max_data_age`.
    """

    gate: str
    severity: Severity | None = None
    not_evaluated: WhenNotEvaluated = WhenNotEvaluated.FAIL
    max_age: dt.timedelta | None = None
    max_data_age: dt.timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Leave to go to one environment with one finding of one gate, until and with the day `expires`; where `release`
    is given, for that release only.
    """

    id: str
    gate: str
    environment: str
    reason: str
    owner: str
    expires: dt.date
    release: Digest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What one environment asks for."""

    name: str
    signers: tuple[str, ...]
    gates: tuple[GateRule, ...]
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole file."""

    signers: tuple[Signer, ...]
    environments: tuple[Environment, ...]
    waivers: tuple[Waiver, ...] = ()

    def environment(self, name: str) -> Environment:
        """The environment of that name; a `ConfigError` that lists those there are."""
        for each in self.environments:
            if each.name == name:
                return each
        known = ", ".join(each.name for each in self.environments)
        raise ConfigError(
            f"the policy has no environment {name!r}", where=FILE, remedy=f"It has: {known}"
        )

    def signers_of(self, environment: Environment) -> tuple[Signer, ...]:
        """Who may sign for an environment."""
        return tuple(each for each in self.signers if each.name in environment.signers)


def parse(text: str, *, where: str = FILE) -> Policy:
    """The policy that `text` states; one `ConfigError` with all problems if it states none."""
    top = Section.top(text, where=where, keys=POLICY.keys)
    top.whole("version")
    policy = Policy(
        signers=_signers(top),
        environments=_environments(top),
        waivers=_waivers(top),
    )
    _refers(top, policy)
    top.problems.stop()
    return policy


def _signers(top: Section) -> tuple[Signer, ...]:
    found = []
    for section in top.sections("signers"):
        signer = Signer(
            name=section.text("name"),
            key=section.text("key"),
            identity=section.text("identity"),
            issuer=section.text("issuer"),
            builders=section.texts("builders"),
        )
        if bool(signer.key) == bool(signer.identity or signer.issuer):
            section.problem("key", "has to be given, or else identity and issuer, and not all")
        elif not signer.key and not (signer.identity and signer.issuer):
            section.problem("identity", "and issuer belong together: anybody could vouch else")
        if not signer.builders:
            section.problem("builders", "is empty: name each builder that this signer stands for")
        found.append(signer)
    _all_different(top, "signers", [each.name for each in found])
    return tuple(found)


def _environments(top: Section) -> tuple[Environment, ...]:
    found = []
    for section in top.sections("environments"):
        environment = Environment(
            name=section.text("name"),
            signers=section.texts("signers"),
            gates=_gates(section),
            allowed=section.texts("allowed"),
        )
        if not environment.signers:
            section.problem("signers", "is empty: nobody could sign for it")
        found.append(environment)
    _all_different(top, "environments", [each.name for each in found])
    return tuple(found)


def _gates(environment: Section) -> tuple[GateRule, ...]:
    found = [
        GateRule(
            gate=section.text("gate"),
            severity=_severity(section),
            not_evaluated=WhenNotEvaluated(section.choice("not-evaluated")),
            max_age=_days(section, "max-age-days"),
            max_data_age=_days(section, "max-data-age-days"),
        )
        for section in environment.sections("gates")
    ]
    _all_different(environment, "gates", [each.gate for each in found])
    return tuple(found)


def _waivers(top: Section) -> tuple[Waiver, ...]:
    return tuple(
        Waiver(
            id=section.text("id"),
            gate=section.text("gate"),
            environment=section.text("environment"),
            reason=section.text("reason"),
            owner=section.text("owner"),
            expires=section.date("expires"),
            release=_digest(section),
        )
        for section in top.sections("waivers")
    )


def _refers(top: Section, policy: Policy) -> None:
    """What is named has to be there."""
    signers = {each.name for each in policy.signers}
    environments = {each.name for each in policy.environments}
    for environment in policy.environments:
        for name in set(environment.signers) - signers:
            top.problem("signers", f"has no {name!r}, which environment {environment.name} names")
    for waiver in policy.waivers:
        if waiver.environment not in environments:
            top.problem("environments", f"has no {waiver.environment!r}, which a waiver names")


def _all_different(section: Section, key: str, names: list[str]) -> None:
    if not names:
        section.problem(key, "is empty: everything would pass")
    for name in sorted({each for each in names if names.count(each) > 1}):
        section.problem(key, f"names {name!r} twice; keep one")


def _severity(section: Section) -> Severity | None:
    return Severity.parse(section.choice("severity")) if section.has("severity") else None


def _days(section: Section, key: str) -> dt.timedelta | None:
    return dt.timedelta(days=section.whole(key)) if section.has(key) else None


def _digest(section: Section) -> Digest | None:
    text = section.text("release")
    try:
        return Digest.parse(text) if text else None
    except DataError:  # the problem is noted already
        return None
