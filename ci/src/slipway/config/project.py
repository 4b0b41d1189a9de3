"""slipway.yaml, what a project declares, as frozen values.

`parse` tells every problem at once, each with its line, its key path, what was found and what is
expected. docs of the keys: README. Two modules do the reading: `yamltext` (YAML into nodes) and
`sections` (nodes into types).
"""

from __future__ import annotations

import keyword
import math
import re
from dataclasses import dataclass
from enum import Enum

from ..verdicts.verdict import Severity, Waiver, WhenNotEvaluated
from .sections import Check, Section

FILE = "slipway.yaml"
_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_METRIC = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ENDPOINT = re.compile(r"/[A-Za-z0-9._~/-]{0,127}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
EVERYTHING = ("src/**",)
# Scores that are shares: a threshold of 97 for them is a slip of the pen, and no model would ever
# pass.
_SHARES = (
    "roc_auc",
    "accuracy",
    "balanced_accuracy",
    "f1",
    "precision",
    "recall",
    "average_precision",
)


_MODEL_KEYS = (
    *("data", "schema", "metric", "threshold", "champion-tolerance", "sources"),
    *("pickle-globals", "trusted-types"),
)
_GLOBAL = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)
_TYPE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)


class Engine(Enum):
    """The program that plans and applies the infrastructure."""

    OPENTOFU = "opentofu"
    TERRAFORM = "terraform"


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
    """The stack to plan, a folder, the program for it, and who keeps its state."""

    stack: str
    engine: Engine = Engine.OPENTOFU
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


def parse(text: str, *, where: str = FILE) -> Project:
    """The project that `text` declares; one `ConfigError` with all problems if it does not."""
    keys = ("version", "name", "service", "model", "infrastructure", "gates", "environments")
    top = Section.top(text, where=where, known=keys)
    project = Project(
        version=top.whole("version", 1, 1),
        name=top.text("name", _label),
        service=_service(top.section("service", ("folder", "package", "port", "ready", "predict"))),
        model=_model(top.section("model", _MODEL_KEYS)),
        infrastructure=_infrastructure(top.section("infrastructure", ("engine", "stack", "state"))),
        gates=_gates(
            top.section("gates", ("vulnerabilities", "not-evaluated", "ignore"), optional=True)
        ),
        environments=top.texts("environments", _label),
    )
    top.problems.stop()
    return project


def _service(section: Section) -> Service:
    return Service(
        folder=section.text("folder", _path),
        package=section.text("package", _package),
        port=section.whole("port", 1, 65535, default=8080),
        ready=section.text("ready", _endpoint, default="/readyz"),
        predict=section.text("predict", _endpoint, default="/predict"),
    )


def _model(section: Section) -> Model:
    metric = section.text("metric", _matching(_METRIC, "a name such as roc_auc"))
    low, high = (0.0, 1.0) if metric in _SHARES else (-math.inf, math.inf)
    return Model(
        data=section.text("data", _path) if section.has("data") else None,
        sources=section.texts("sources", _path) or EVERYTHING,
        schema=section.text("schema", _path),
        metric=metric,
        threshold=section.number("threshold", low, high),
        champion_tolerance=(
            section.number("champion-tolerance", 0.0, high)
            if section.has("champion-tolerance")
            else None
        ),
        pickle_globals=tuple(
            (module, name)
            for module, _, name in (
                text.partition(":") for text in section.texts("pickle-globals", _global)
            )
        ),
        trusted_types=section.texts("trusted-types", _type),
    )


def _infrastructure(section: Section) -> Infrastructure:
    engines = tuple(engine.value for engine in Engine)
    return Infrastructure(
        engine=Engine(section.choice("engine", engines, default=Engine.OPENTOFU.value)),
        stack=section.text("stack", _path),
        state=Keeping(
            section.choice(
                "state", tuple(each.value for each in Keeping), default=Keeping.NONE.value
            )
        ),
    )


def _gates(section: Section) -> Gates:
    severities = tuple(severity.word for severity in Severity if severity is not Severity.UNKNOWN)
    rules = tuple(rule.value for rule in WhenNotEvaluated)
    return Gates(
        vulnerabilities=Severity.parse(
            section.choice("vulnerabilities", severities, default=Severity.HIGH.word)
        ),
        not_evaluated=WhenNotEvaluated(
            section.choice("not-evaluated", rules, default=WhenNotEvaluated.FAIL.value)
        ),
        ignore=_waivers(section.sections("ignore", ("id", "reason", "expires"))),
    )


def _waivers(sections: list[Section]) -> tuple[Waiver, ...]:
    found: dict[str, Waiver] = {}
    for section in sections:
        waiver = Waiver(
            id=section.text("id", _matching(_ID, "the id of a finding, such as CVE-2026-1234")),
            reason=section.text("reason", _reason),
            expires=section.date("expires"),
        )
        if waiver.id and waiver.id in found:
            section.problem("id", f"{waiver.id} is waived twice; keep one")
        found[waiver.id] = waiver
    return tuple(found.values())


def _matching(pattern: re.Pattern[str], expected: str) -> Check:
    def check(value: str) -> str | None:
        return None if pattern.fullmatch(value) else f"expected {expected}"

    return check


_label = _matching(
    _LABEL, "a DNS label: lower-case letters, digits and -, a letter first, at most 63"
)
_global = _matching(_GLOBAL, "one import as module:name, such as numpy:dtype")
_type = _matching(_TYPE, "one type as module.name, such as numpy.dtype")
_endpoint = _matching(_ENDPOINT, "a path such as /readyz")


def _reason(value: str) -> str | None:
    return None if value.strip() else "expected a sentence that says why"


def _package(value: str) -> str | None:
    parts = value.split(".")
    if all(
        part.isidentifier() and part.isascii() and not keyword.iskeyword(part) for part in parts
    ):
        return None
    return "expected the name of a Python package"


def _path(value: str) -> str | None:
    """A path inside the project: relative, without `..`, and no option to the tools that get it."""
    if value.startswith("/") or re.match(r"[A-Za-z]:", value):
        return "expected a path relative to the project"
    if (
        "\\" in value
        or _CONTROL.search(value)
        or value.startswith(("-", "~"))  # refusal 14
        or not value.strip()
    ):
        return "expected a path with / between its parts"
    return "expected a path without `..`" if ".." in value.split("/") else None
