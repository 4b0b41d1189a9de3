"""Gates: what is checked before a release, a file each with its stage and its reader.

    base          what a gate is, how it is judged, and what a failed one stops
    lint          style and likely mistakes (ruff)
    types         static types (mypy)
    unit_tests    the service's own tests (pytest)
    bandit        insecure code (bandit)
    semgrep       code that loads untrusted content (semgrep)
    trivy         secrets, infrastructure settings, and the image's secrets and vulnerabilities (trivy)
    data          the data set against its schema
    osv           known vulnerabilities of the locked packages (osv-scanner)
    model_metric  the declared metric on held-out data
    model_files   files of the model that could run code
    champion      the new model against the last released one
    smoke_test    the running image against the model's own answers

A new gate is a new file with its `GATES`, and a line in MODULES.
"""

from collections.abc import Iterable
from typing import Any, Final, TypeVar, cast

from ..config.project import Project
from ..verdicts.verdict import Verdict
from . import (
    bandit,
    champion,
    data,
    lint,
    model_files,
    model_metric,
    osv,
    semgrep,
    smoke_test,
    trivy,
    types,
    unit_tests,
)
from .base import BuiltImage, Gate, ModelPair, SourceTree, Subject, TrainedModel

MODULES: Final = (
    lint,
    types,
    unit_tests,
    bandit,
    semgrep,
    trivy,
    data,
    osv,
    model_metric,
    model_files,
    champion,
    smoke_test,
)
# In the order of a run, whatever file a gate is in: verdicts are listed like that.
SUBJECTS: Final = (SourceTree, TrainedModel, ModelPair, BuiltImage)
GATES: Final[tuple[Gate[Any], ...]] = tuple(
    gate
    for subject in SUBJECTS
    for module in MODULES
    for gate in module.GATES
    if gate.subject is subject
)

S = TypeVar("S", bound=Subject)


def gates_of(subject: type[S]) -> tuple[Gate[S], ...]:
    """The gates that look at one kind of subject, in the order of their declaration."""
    return tuple(cast("Gate[S]", gate) for gate in GATES if gate.subject is subject)


def gate_named(name: str, subject: type[S]) -> Gate[S]:
    """The gate of that name; raises KeyError where there is none that looks at such a subject."""
    return {gate.name: gate for gate in gates_of(subject)}[name]


def in_declared_order(verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts in the order in which their gates are declared, whichever ended first."""
    order = {gate.name: place for place, gate in enumerate(GATES)}
    return tuple(sorted(verdicts, key=lambda verdict: order.get(verdict.gate, len(order))))


def required(project: Project, *subjects: type[Subject]) -> tuple[str, ...]:
    """The gates of a project, of these subjects or of all, that need nothing from outside: they have to have looked."""
    return tuple(
        gate.name
        for gate in GATES
        if not gate.needs_outside and gate.applies(project)
        if not subjects or gate.subject in subjects
    )
