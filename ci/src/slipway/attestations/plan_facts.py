"""What a saved plan was made from and against: what is signed beside it, and asked of it before it is applied.

Terraform and OpenTofu check serial and lineage of the state themselves, but not for a first plan, which has none
(internal/backend/local/backend_local.go, `localRunForPlanFile`), and they do not know that a plan was applied before,
how old it is, or for which database it was meant. All of that is checked here, before anything is applied.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..errors import DataError
from ..formats.fields import Fields, pretty
from ..formats.times import moment, written
from ..oci.digests import Digest
from .statements import Statement

DAYS = 7
_KEYS = (
    *("stack", "engine", "version", "workspace", "tree", "lock", "plan", "key"),
    *("backend", "lineage", "serial", "created", "expires"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A state: which database keeps it (`backend`), its lineage and serial; "" and 0 before the first apply."""

    backend: str
    lineage: str = ""
    serial: int = 0

    @property
    def summary(self) -> str:
        """For messages."""
        return f"serial {self.serial} of {self.lineage}" if self.lineage else "no state yet"

    def to_dict(self) -> dict[str, object]:
        """As JSON values."""
        return {"backend": self.backend, "lineage": self.lineage, "serial": self.serial}

    @classmethod
    def of(cls, fields: Fields) -> State:
        """Out of JSON."""
        return cls(
            backend=fields.text("backend"),
            lineage=fields.text("lineage"),
            serial=fields.whole("serial"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What makes a plan: stack, engine with version, workspace, and the digests of its tree and its provider lock
    (that of nothing where there is none).
    """

    stack: str
    engine: str
    version: str
    workspace: str
    tree: Digest
    lock: Digest

    def differences(self, now: Making) -> Iterator[str]:
        """What is another way now, a line each."""
        pairs = (
            ("the stack", self.stack, now.stack),
            ("the engine", self.engine, now.engine),
            ("the engine's version", self.version, now.version),
            ("the workspace", self.workspace, now.workspace),
            ("the tree of the infrastructure", self.tree, now.tree),
            ("the provider lock", self.lock, now.lock),
        )
        for name, planned, found in pairs:
            if planned != found:  # refusal 11a
                yield f"{name} was {planned} and is {found}"


def facts_of(printed: str, *, state: State, created: dt.datetime, days: int = DAYS) -> PlanFacts:
    """What the step that planned printed, with the state that it planned against and when."""
    fields = Fields.parse(printed, where="the plan")
    said = {
        **fields.values,
        **state.to_dict(),
        "created": written(created),
        "expires": written(created + dt.timedelta(days=days)),
    }
    return PlanFacts.of(Fields(values=said, path="", where="the plan"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """All that is signed of a plan: how it was made, the digest of its bytes in clear, the key they are encrypted with,
    the state it was made against, and from when to when it may be applied.
    """

    making: Making
    plan: Digest
    key: str
    state: State
    created: dt.datetime
    expires: dt.datetime

    def predicate(self) -> str:
        """As the predicate of an attestation."""
        making = self.making
        return pretty(
            {
                "stack": making.stack,
                "engine": making.engine,
                "version": making.version,
                "workspace": making.workspace,
                "tree": str(making.tree),
                "lock": str(making.lock),
                "plan": str(self.plan),
                "key": self.key,
                **self.state.to_dict(),
                "created": written(self.created),
                "expires": written(self.expires),
            }
        )

    @classmethod
    def of(cls, fields: Fields) -> PlanFacts:
        """Out of a predicate; strict: an unknown field is a `DataError`."""
        fields.only(_KEYS)
        facts = cls(
            making=Making(
                stack=fields.text("stack"),
                engine=fields.text("engine"),
                version=fields.text("version"),
                workspace=fields.text("workspace"),
                tree=Digest.parse(fields.text("tree")),
                lock=Digest.parse(fields.text("lock")),
            ),
            plan=Digest.parse(fields.text("plan")),
            key=fields.text("key"),
            state=State.of(fields),
            created=moment(fields.text("created"), where=fields.where),
            expires=moment(fields.text("expires"), where=fields.where),
        )
        if not facts.created < facts.expires <= facts.created + dt.timedelta(days=DAYS):
            raise DataError(f"a plan holds for {DAYS} days at most", where=fields.where)
        return facts

    def refusals(self, making: Making, state: State, now: dt.datetime) -> tuple[str, ...]:
        """Why this plan may not be applied to that state now, a line each; nothing where it may."""
        return (*self._of_time(now), *self.making.differences(making), *self._of_state(state))

    def _of_time(self, now: dt.datetime) -> Iterator[str]:
        if now >= self.expires:  # refusal 11b
            yield f"it expired on {written(self.expires)}"
        if now < self.created - dt.timedelta(minutes=5):
            yield f"it was made in the future, on {written(self.created)}"

    def _of_state(self, state: State) -> Iterator[str]:
        if self.state.backend != state.backend:  # refusal 11c
            yield f"it was made against another database, {self.state.backend}, not {state.backend}"
        elif self.state != state:  # refusal 11d
            yield f"the state has moved: {self.state.summary} was planned against, now it is {state.summary}"


def newest(statements: Sequence[Statement]) -> PlanFacts:
    """What was signed of a plan last; a `DataError` where nothing was. The same plan may have been made several times:
    what it says of making and state is then the same, or the rules of `policy.rules` refuse it.
    """
    found = [PlanFacts.of(statement.predicate) for statement in statements]
    if not found:
        raise DataError("no facts of the plan are attested")
    return max(found, key=lambda facts: facts.created)
