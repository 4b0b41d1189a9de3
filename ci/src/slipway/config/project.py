"""slipway.yaml, what a project declares, as frozen values.

`parse` tells every problem at once, each with its line, its key path, what was found and what is
expected. `project_keys` declares the keys; two modules do the reading: `yamltext` (YAML into nodes)
and `sections` (nodes into types).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from ..verdicts.verdict import Severity, Waiver, WhenNotEvaluated
from .project_keys import EVERYTHING, SHARES, project_keys
from .sections import Section

FILE = "slipway.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Where the service is and how it is asked. `folder` is relative to the project, `port` a TCP
    port.
    """

    folder: str
    package: str
    port: int = 8080
    ready: str = "/readyz"
    predict: str = "/predict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The model's data and its gate: `metric` on held-out rows has to be at least `threshold`.

    `sources` are the files of the service's folder that training reads, as patterns: a change of
    any other file does not train again.

    `data` is the path of a CSV, or None where `python -m <package>.dataset` makes it; `schema`
    describes its columns.

    `champion_tolerance` is by how much `metric` may be below that of the last released model, on the same rows; None:
    nothing is compared.

    `pickle_globals` are the (module, name) that a pickle among the model's files may import, `trusted_types` the types
    in a skops file that skops does not know: without them such files are refused.
    """

    schema: str
    metric: str
    threshold: float
    data: str | None = None
    champion_tolerance: float | None = None
    sources: tuple[str, ...] = EVERYTHING
    pickle_globals: tuple[tuple[str, str], ...] = ()
    trusted_types: tuple[str, ...] = ()


class Keeping(Enum):
    """Who keeps the state of the infrastructure: nobody (every plan is a first one), or the embedded database."""

    NONE = "none"
    EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Infrastructure:
    """The stack to plan, a folder, the name of the engine for it, and who keeps its state."""

    stack: str
    engine: str
    state: Keeping = Keeping.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What the gates let pass: findings below `vulnerabilities`, and those that a waiver in
    `ignore` names.
    """

    vulnerabilities: Severity = Severity.HIGH
    not_evaluated: WhenNotEvaluated = WhenNotEvaluated.FAIL
    ignore: tuple[Waiver, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The whole of slipway.yaml. `name` is a DNS label; names of repositories are made from it."""

    name: str
    service: Service
    model: Model
    infrastructure: Infrastructure
    gates: Gates
    environments: tuple[str, ...] = ()
    version: int = 1


def parse(text: str, engines: tuple[str, ...], *, where: str = FILE) -> Project:
    """The project that `text` declares; one `ConfigError` with all problems if it does not.

    `engines` are the names of the infrastructure engines that it may choose from; the first is the default.
    """
    top = Section.top(text, where=where, keys=project_keys(engines).keys)
    project = Project(
        version=top.whole("version"),
        name=top.text("name"),
        service=_service(top.section("service")),
        model=_model(top.section("model")),
        infrastructure=_infrastructure(top.section("infrastructure")),
        gates=_gates(top.section("gates")),
        environments=top.texts("environments"),
    )
    top.problems.stop()
    return project


def _service(section: Section) -> Service:
    return Service(
        folder=section.text("folder"),
        package=section.text("package"),
        port=section.whole("port"),
        ready=section.text("ready"),
        predict=section.text("predict"),
    )


def _model(section: Section) -> Model:
    metric = section.text("metric")
    low, high = (0.0, 1.0) if metric in SHARES else (-math.inf, math.inf)
    compared = section.has("champion-tolerance")
    imports = (text.partition(":") for text in section.texts("pickle-globals"))
    return Model(
        data=section.text("data") or None,
        sources=section.texts("sources"),
        schema=section.text("schema"),
        metric=metric,
        threshold=section.number("threshold", low=low, high=high),
        champion_tolerance=section.number("champion-tolerance", high=high) if compared else None,
        pickle_globals=tuple((module, name) for module, _, name in imports),
        trusted_types=section.texts("trusted-types"),
    )


def _infrastructure(section: Section) -> Infrastructure:
    return Infrastructure(
        engine=section.choice("engine"),
        stack=section.text("stack"),
        state=Keeping(section.choice("state")),
    )


def _gates(section: Section) -> Gates:
    return Gates(
        vulnerabilities=Severity.parse(section.choice("vulnerabilities")),
        not_evaluated=WhenNotEvaluated(section.choice("not-evaluated")),
        ignore=_waivers(section.sections("ignore")),
    )


def _waivers(sections: list[Section]) -> tuple[Waiver, ...]:
    found: dict[str, Waiver] = {}
    for section in sections:
        waiver = Waiver(
            id=section.text("id"),
            reason=section.text("reason"),
            expires=section.date("expires"),
        )
        if waiver.id and waiver.id in found:
            section.problem("id", f"{waiver.id} is waived twice; keep one")
        found[waiver.id] = waiver
    return tuple(found.values())
