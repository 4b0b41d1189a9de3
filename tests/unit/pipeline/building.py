"""A release of the reference project whose stages all go well, unless a test changes a reply."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from slipway.artifacts.git import Commit
from slipway.artifacts.source import Source
from slipway.attestations.plan_facts import State
from slipway.config.project import Project, parse
from slipway.iac import engine_names
from slipway.iac.state import StateBackend
from slipway.oci.digests import Digest
from slipway.oci.manifests import PLAN_TYPE, RELEASE_TYPE
from slipway.oci.modelpack import Facts, ModelFile, Role, pack
from slipway.pipeline.job import ReleaseJob
from slipway.pipeline.release import make_release
from slipway.policy.document import Policy
from slipway.policy.document import parse as parse_policy
from slipway.publishing.client import RegistryClient
from slipway.publishing.publisher import Publisher
from slipway.registries.embedded import EmbeddedRegistry
from slipway.runtime.stage import Stage

from tests.support.fake_dagger import FakeDirectory
from tests.support.fake_registry import FakeRegistry, artifact_layout, layout_of
from tests.support.fakes import (
    Answer,
    FakeHistory,
    FakeRunner,
    FakeSigner,
    FakeTools,
    Reply,
    text_in,
)

ROOT = Path(__file__).parents[3]
ASSETS = ROOT / "tests" / "assets"
COMMIT = Commit(sha="a" * 40, epoch=1_700_000_000)
DATA = "age,default\n30,0\n"
# The embedded state backend.
BACKEND = StateBackend()
STATE = State(backend="pg:1/slipway", lineage="l", serial=3)
MODEL_FILES = {
    "model.skops": "weights",
    "metrics.json": json.dumps({"metrics": {"roc_auc": 0.98}, "rows": {"heldout": 100}}),
    "card.md": "# Card",
    "schema.json": "{}",
    "heldout.json": "[]",
}
PLAN_FILES = {"plan.tfplan.sealed": "encrypted plan", "plan.json": "{}", "plan.txt": "1 to add"}


@cache
def project(more: str = "") -> Project:
    """The reference project, with lines that a test adds to its slipway.yaml."""
    return parse((ROOT / "slipway.yaml").read_text("utf-8") + more, engine_names())


@cache
def policy() -> Policy:
    """The reference project's policy."""
    return parse_policy((ROOT / "policy.yaml").read_text("utf-8"))


def tree() -> FakeDirectory:
    """As much of the reference project as its slipway.yaml names."""
    declared = project()
    files = {
        "slipway.yaml": (ROOT / "slipway.yaml").read_text("utf-8"),
        "policy.yaml": (ROOT / "policy.yaml").read_text("utf-8"),
        declared.model.schema: "{}",
        f"{declared.infrastructure.stack}/main.tf": "",
    }
    own = ("requirements.lock", "requirements-dev.lock", "pyproject.toml", *declared.model.sources)
    return FakeDirectory(files | {f"{declared.service.folder}/{name}": name for name in own})


def source(declared: Project | None = None, **tools: Any) -> Source:
    """The reference project at hand."""
    return Source(
        tree=tree(),
        project=declared or project(),
        tools=FakeTools(content={"/data/data.csv": DATA}, **tools),
    )


def asset(path: str) -> str:
    """A recorded report of a tool."""
    return (ASSETS / path).read_text("utf-8")


def model_layout(files: Mapping[str, str] = MODEL_FILES, name: str = "screening") -> FakeDirectory:
    """The model's artifact."""
    packed = pack(
        [
            ModelFile(
                name=path,
                size=len(text),
                digest=Digest.of(text.encode()),
                role=Role.WEIGHT if path.startswith("model.") else Role.DOC,
            )
            for path, text in files.items()
        ],
        Facts(name=name, commit=COMMIT.sha, epoch=COMMIT.epoch),
    )
    return layout_of(packed.manifest, packed.config.decode(), *files.values())


def pack_release(stage: Stage) -> Reply:
    """The stage that packs a release, which has to hold what it was given."""
    text = text_in(stage, "/release.json")
    return Reply(content={"/layout": artifact_layout(RELEASE_TYPE, {"release.json": text})})


def plan_facts() -> str:
    """What the stage that plans prints."""
    return json.dumps(
        {
            "stack": "terraform/stacks/local",
            "engine": "opentofu",
            "version": "1.12.6",
            "workspace": "default",
            "tree": str(Digest.of(b"tree")),
            "lock": str(Digest.of(b"lock of providers")),
            "plan": str(Digest.of(b"plan")),
            "key": "0123456789abcdef",
        }
    )


def gate_replies() -> dict[str, Answer]:
    """How each gate's stage goes where nothing is wrong."""
    config = Reply(stdout=asset("trivy/config-clean.json"), stderr=asset("trivy/config-clean.log"))
    secrets = Reply(stdout=asset("trivy/clean.json"), stderr=asset("trivy/clean.log"))
    compared = {
        "challenger": {"metrics": {"roc_auc": 0.98}},
        "champion": {"metrics": {"roc_auc": 0.979}},
        "rows": 100,
    }
    files = Reply(stdout=json.dumps({"files": 5, "findings": []}))
    return {
        "lint": Reply(stdout="[]", versions={"package:ruff": "1.2.3"}),
        "types": Reply(stdout=asset("mypy/good.txt")),
        "unit-tests": Reply(content={"/stage/report": asset("pytest/good.xml")}),
        "sast": Reply(stdout=asset("bandit/good.json")),
        "untrusted-content": Reply(stdout=asset("semgrep/good.json")),
        "secrets": secrets,
        "iac": config,
        "data": Reply(),
        "dependencies": Reply(
            stdout=asset("osv-scanner/clean.json"),
            stderr="Scanned /lock/requirements.txt file and found 12 packages\n",
        ),
        "model-files": files,
        "champion-files": files,
        "champion": Reply(stdout=json.dumps(compared)),
        "smoke-test": Reply(stdout="100 rows answered as the model does\n"),
        "image-secrets": secrets,
        # No vulnerability database is in reach: the reference project goes on and says so.
        "image-vulnerabilities": Reply(stdout="{}", stderr="no database"),
    }


def replies(**changed: Answer) -> dict[str, Answer]:
    """How every stage of a release goes; keywords change some, with `_` for `-`."""
    image = artifact_layout("", {"layer": "layer"})
    good: dict[str, Answer] = {
        **gate_replies(),
        "train": Reply(content={"/model": FakeDirectory(MODEL_FILES)}),
        "pack-model": Reply(content={"/layout": model_layout()}),
        **{
            f"layer-{name}": Reply(content={"/layer": FakeDirectory({"layer": name})})
            for name in ("dependencies", "service", "model", "facts")
        },
        "assemble": Reply(content={"/layout": image, "/image.tar": "tar"}),
        "sbom": Reply(
            content={
                "/sbom.json": json.dumps(
                    {
                        "bomFormat": "CycloneDX",
                        "specVersion": "1.6",
                        "metadata": {"component": {"type": "container"}},
                        "components": [{"name": "x"}],
                    }
                )
            }
        ),
        "sign-model": Reply(content={"/model.sig": "signature of the model"}),
        "state": Reply(stdout=json.dumps(STATE.to_dict())),
        "plan": Reply(
            stdout=json.dumps(["", "", "", plan_facts()]),
            content={"/plan": FakeDirectory(PLAN_FILES)},
        ),
        "pack-plan": Reply(content={"/layout": artifact_layout(PLAN_TYPE, PLAN_FILES)}),
        "pack-release": pack_release,
    }
    return good | {name.replace("_", "-"): answer for name, answer in changed.items()}


def client(
    registry: FakeRegistry | None = None, answers: Mapping[str, Answer] | None = None
) -> RegistryClient:
    """A client of a registry in memory."""
    runner = FakeRunner(replies() if answers is None else answers, registry or FakeRegistry())
    return RegistryClient(tools=source().tools, registry=EmbeddedRegistry(), runner=runner)


def runner_of(client: RegistryClient) -> FakeRunner:
    """What a client runs its stages with."""
    assert isinstance(client.runner, FakeRunner)
    return client.runner


def job(
    registry: FakeRegistry | None = None,
    answers: Mapping[str, Answer] | None = None,
    *,
    changes: tuple[str, ...] = (),
    signer: FakeSigner | None = None,
    declared: Project | None = None,
    commit: Commit = COMMIT,
) -> ReleaseJob:
    """A release of the reference project into a registry in memory."""
    return ReleaseJob(
        source=source(declared),
        publisher=Publisher(client=client(registry, answers), signer=signer or FakeSigner()),
        history=FakeHistory(commit=commit, tree=tree()),
        head=commit,
        changes=changes,
    )


_RELEASED: list[FakeRegistry] = []


async def released() -> FakeRegistry:
    """A registry with a release of the reference project, made for the first one that asks."""
    if not _RELEASED:
        registry = FakeRegistry()
        await make_release(job(registry), allow_dirty=False)
        _RELEASED.append(registry)
    return _RELEASED[0].copy()


def pinned(registry: FakeRegistry, kind: str) -> str:
    """An artifact of that release, by digest."""
    repository = f"localhost:5050/screening/{kind}"
    return f"{repository}@{registry.tags[f'{repository}:{COMMIT.sha}']}"


def runner(made: ReleaseJob) -> FakeRunner:
    """What a release runs its stages with."""
    return runner_of(made.publisher.client)
