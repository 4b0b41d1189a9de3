"""What each artifact was made of, and its provenance: docs/build-types.md lists it, and tests compare.

Everything that is content stands there with its digest. What has a version only (the engine) is named with the builder.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagger
from dagger import dag

from ..artifacts.model import Model
from ..artifacts.source import Source
from ..attestations.plan_facts import Making, PlanFacts
from ..attestations.provenance import BASE, Build, BuildType, Dependency, predicate
from ..config.project import Project
from ..formats.fields import Fields
from ..gates import GATES, gates_of
from ..gates.base import BuiltImage, Gate, SourceTree, Subject, TrainedModel, now
from ..iac.plan import Plan
from ..oci.digests import Digest, Reference
from ..runtime.layout import digest_of
from ..runtime.tools import PACKAGE, fingerprint
from ..verdicts.verdict import Verdict

BUILDERS = "tag:slipway,2026:builder/"
# What the scanners knew: no address, a name. The same data may come from anywhere.
DATA = "tag:slipway,2026:data/"
SHARED = ("source", "slipway", "lock-slipway")
_NOTHING = Digest.of(b"")  # how a plan says that there was no lock of providers


def declared(kind: BuildType) -> Mapping[str, str]:
    """What an artifact of a kind may be made of, beside SHARED and the tool images: names, and what each is.

    What gates bring along comes from their files: a lock of ours, and the data of a scanner.
    """
    if kind is BuildType.MODEL:
        return {**_MODEL, **_of_gates(gates_of(TrainedModel))}
    if kind is BuildType.PLAN:
        return _PLAN
    return {**_IMAGE, **_of_gates((*gates_of(SourceTree), *gates_of(BuiltImage)))}


def _of_gates(gates: Sequence[Gate[Any]]) -> Mapping[str, str]:
    locks = {
        f"lock-{name}": f"the lock of what the gate `{gate.name}` runs with"
        for gate in gates
        for name in gate.locks
    }
    data = {
        f"data-{gate.tool}": f"what {gate.tool} knew for the gate `{gate.name}`, where it had it as files"
        for gate in gates
        if gate.has_data
    }
    return {**locks, **data}


_MODEL = {
    "data": "the data set",
    "lock": "the lock of what training runs on, `requirements.lock` of the service",
    "lock-signing": "the lock of what signs the model's folder",
    "schema": "what the data has to look like",
}
_IMAGE = {
    BASE: "the image that it stands on; the same as the tool `python`",
    "lock": "the lock of what is installed in it, `requirements.lock` of the service",
    "lock-dev": "the lock of what the service's checks run with, `requirements-dev.lock`",
    "model": "the model that it serves, by the digest of its artifact",
}
_PLAN = {
    "lock-infrastructure": "the lock of what encrypts the plan and reads its state",
    "lock-providers": "the stack's `.terraform.lock.hcl`; missing where there are no providers",
    "tree": "the files below the stack's top folder: the sha256 over the lines `sha256  path`",
}


@dataclass(frozen=True, kw_only=True)
class Materials:
    """What all artifacts of a run were made of (`shared`), and each kind (`own`)."""

    project: Project
    builder: str
    engine: str
    shared: Sequence[Dependency]
    own: Mapping[str, Sequence[Dependency]] = field(default_factory=dict)

    def digest(self, kind: str, name: str) -> Digest:
        """The digest of a dependency of its kind."""
        (found,) = (each for each in self.own[kind] if each.name == name)
        return Digest.parse(f"sha256:{found.digest['sha256']}")

    def provenance(self, kind: str, began: float) -> str:
        """The predicate for the artifact of a kind."""
        build = Build(
            build_type=BuildType[kind.upper()],
            parameters=parameters(self.project, kind),
            dependencies=[*self.shared, *self.own[kind]],
            builder_id=f"{BUILDERS}{self.builder}",
            builder_version={"slipway": fingerprint(), "dagger": self.engine},
            started=dt.datetime.fromtimestamp(began, dt.UTC),
            finished=now(),
        )
        return predicate(build).decode()


def parameters(project: Project, kind: str) -> dict[str, object]:
    """What a person chose: the external parameters of a kind."""
    chosen: dict[str, object] = {"project": project.name}
    if kind == "model":
        chosen |= {"metric": project.model.metric, "threshold": project.model.threshold}
    if kind == "plan":
        infrastructure = project.infrastructure
        chosen |= {"engine": infrastructure.engine, "stack": infrastructure.stack}
    return chosen


async def materials_of(
    source: Source,
    commit: str,
    builder: str,
    images: Mapping[str, str],
    made: tuple[Model, Plan],
    models: str,
    verdicts: Sequence[Verdict],
) -> Materials:
    """What a run's artifacts were made of: `images` are the tools' by name, `models` is the repository of models."""
    model, plan = made
    return Materials(
        project=source.project,
        builder=builder,
        engine=await dag.version(),
        shared=[
            Dependency.of_commit("git+file:.", commit),
            *(Dependency.of_image(name, Reference.parse(images[name])) for name in images),
            *_ourselves(),
        ],
        own={
            "model": await _of_model(source),
            "image": [
                Dependency.of_image(BASE, Reference.parse(images["python"])),
                *await _locks(source, "requirements.lock", "requirements-dev.lock"),
                Dependency.of(
                    "model", f"oci:{models}", Digest.parse(await digest_of(model.layout))
                ),
                *gate_locks(SourceTree, BuiltImage),
                *scanner_data(verdicts),
            ],
            "plan": of_making(PlanFacts.of(Fields.parse(plan.facts, where="facts")).making),
        },
    )


def _ourselves() -> list[Dependency]:
    """Slipway: its source files, and the lock of what it runs on."""
    found = [Dependency.of("slipway", "pkg:generic/slipway", Digest.parse(fingerprint()))]
    lock = PACKAGE.parents[1] / "requirements.lock"
    # Installed as a package, it is run on what the one who installed it chose.
    if lock.is_file():
        digest = Digest.of(lock.read_bytes())
        found.append(Dependency.of("lock-slipway", "file:ci/requirements.lock", digest))
    return found


def _own_lock(name: str) -> Dependency:
    """The lock of a step of ours that needs more than Python."""
    digest = Digest.of((PACKAGE / "locks" / f"{name}.lock").read_bytes())
    return Dependency.of(f"lock-{name}", f"file:slipway/locks/{name}.lock", digest)


async def _of_model(source: Source) -> list[Dependency]:
    schema = source.project.model.schema
    return [
        *await _locks(source, "requirements.lock"),
        Dependency.of("data", "file:data.csv", await _sha256(source.data())),
        Dependency.of("schema", f"file:{schema}", await _sha256(source.tree.file(schema))),
        *gate_locks(TrainedModel),
        _own_lock("signing"),
    ]


def gate_locks(*subjects: type[Subject]) -> list[Dependency]:
    """The locks of ours that the gates of these subjects run with."""
    names = {name for gate in GATES if gate.subject in subjects for name in gate.locks}
    return [_own_lock(name) for name in sorted(names)]


def of_making(making: Making) -> list[Dependency]:
    """What a plan was made of; a stack without providers has no lock of them."""
    stack = making.stack
    providers = Dependency.of("lock-providers", f"file:{stack}/.terraform.lock.hcl", making.lock)
    return [
        Dependency.of("tree", f"file:{stack}", making.tree),
        *([providers] if making.lock != _NOTHING else []),
        _own_lock("infrastructure"),
    ]


async def _locks(source: Source, *names: str) -> list[Dependency]:
    """The service's locks: `lock`, and `lock-dev` of what its gates run with."""
    folder = source.project.service.folder
    called = {"requirements.lock": "lock", "requirements-dev.lock": "lock-dev"}
    return [
        Dependency.of(
            called[name], f"file:{folder}/{name}", await _sha256(source.service.file(name))
        )
        for name in names
    ]


def scanner_data(verdicts: Sequence[Verdict]) -> list[Dependency]:
    """What scanners knew, where it was at hand as files."""
    return [
        Dependency.of(f"data-{verdict.tool}", f"{DATA}{verdict.gate}", verdict.data_digest)
        for verdict in verdicts
        if verdict.data_digest is not None
    ]


async def _sha256(file: dagger.File) -> Digest:
    return Digest.of((await file.contents()).encode())
