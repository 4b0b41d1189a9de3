"""Registries, keys and whole releases for tests, through the Python client."""

from __future__ import annotations

import io
import json
import zipfile
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import dagger
from dagger import dag
from slipway.artifacts.image import Image, build_image
from slipway.artifacts.model import train_model
from slipway.artifacts.source import Source
from slipway.errors import flatten, one
from slipway.pipeline.dist import Release
from slipway.pipeline.job import ReleaseJob
from slipway.pipeline.release import make_release
from slipway.policy.case import ATTESTED
from slipway.policy.champion import GATE
from slipway.publishing.client import RegistryClient
from slipway.publishing.publisher import Publisher
from slipway.registries import embedded_service
from slipway.registries.base import Registry
from slipway.registries.embedded import EmbeddedRegistry
from slipway.registries.oci import OciRegistry
from slipway.runtime.images import PYTHON, REGISTRY
from slipway.runtime.stage import StageRunner
from slipway.runtime.tools import Tools
from slipway.signers.base import Signer
from slipway.signers.key import KeySigner
from slipway.verdicts.report import from_json
from slipway.verdicts.verdict import Verdict

from .project import Project

# An advisory of our own: no test depends on what a database says today.
ADVISORY: Mapping[str, object] = {
    "schema_version": "1.6.0",
    "id": "PYSEC-2020-1",
    "aliases": ["CVE-2020-0001"],
    "modified": "2026-01-01T00:00:00Z",
    "published": "2020-01-01T00:00:00Z",
    "summary": "Templates may leave their sandbox",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "jinja2"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.6"}]}],
        }
    ],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
}
UNPACK = (
    "import base64, pathlib; target = pathlib.Path('/db/osv-scanner/PyPI'); target.mkdir(parents=True); "
    "(target / 'all.zip').write_bytes(base64.b64decode(pathlib.Path('/in').read_text()))"
)


def archive_of(*entries: Mapping[str, object]) -> bytes:
    """A zip of advisories, the same bytes every time."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number, entry in enumerate(entries):
            member = zipfile.ZipInfo(f"A-{number}.json", (2026, 1, 1, 0, 0, 0))
            archive.writestr(member, json.dumps(entry))
    return content.getvalue()


def write_advisories(folder: Path, *entries: Mapping[str, object]) -> Path:
    """A local OSV database of these advisories, laid out as osv-scanner expects it."""
    target = folder / "osv-scanner" / "PyPI"
    target.mkdir(parents=True)
    (target / "all.zip").write_bytes(archive_of(*entries))
    return folder


def advisories(*entries: Mapping[str, object]) -> dagger.Directory:
    """The same as a folder of the engine."""
    # A Directory is given text only, so the bytes travel as base64.
    return (
        Tools()
        .image(PYTHON)
        .with_new_file("/in", b64encode(archive_of(*entries)).decode())
        .with_exec(["python", "-c", UNPACK])
        .directory("/db")
    )


async def built(source: Source, project: Project, runner: StageRunner | None = None) -> Image:
    """The image of a source, with the history of a project."""
    history, runner = project.history(), runner or StageRunner()
    model = await train_model(source, runner, history)
    return await build_image(source, model, runner, await history.head())


def registry_container() -> dagger.Container:
    """A registry of our own that forgets everything when it stops."""
    return (
        Tools()
        .image(REGISTRY)
        .with_env_variable("REGISTRY_HTTP_ADDR", ":5000")
        .with_env_variable("REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "/var/lib/registry")
        .with_env_variable("OTEL_TRACES_EXPORTER", "none")
        .with_exposed_port(5000)
    )


def embedded() -> Registry:
    """The embedded registry."""
    return EmbeddedRegistry(service=embedded_service(Tools()))


def served(service: dagger.Service, username: str = "", password: str | None = None) -> Registry:
    """A registry that is a service, as --registry-service gives it."""
    secret = None if password is None else dag.set_secret(f"test-{hash(password):x}", password)
    return OciRegistry(
        address="localhost:5000/team", service=service, username=username, password=secret
    )


def client_at(registry: Registry) -> RegistryClient:
    """A client of a registry, with a trace of its own."""
    return RegistryClient(tools=Tools(), registry=registry, runner=StageRunner())


def publisher_at(registry: Registry, signer: Signer | None = None) -> Publisher:
    """A publisher; without a signer, the embedded key signs."""
    return Publisher(client=client_at(registry), signer=signer or KeySigner())


async def job_of(project: Project, publisher: Publisher) -> ReleaseJob:
    """A release of a project, with a database that knows no flaw of its packages."""
    history = project.history()
    head, changes = await history.head_and_changes()
    return ReleaseJob(
        source=await project.source(),
        publisher=publisher,
        history=history,
        head=head,
        changes=changes,
        advisories=advisories(ADVISORY),
    )


async def release_of(
    project: Project, publisher: Publisher, *, allow_dirty: bool = False
) -> tuple[Release, ReleaseJob]:
    """A whole release; several failures at once are raised as the one error that a person reads."""
    # A trace of its own: one publisher may make several releases.
    fresh = replace(publisher, client=replace(publisher.client, runner=StageRunner()))
    job = await job_of(project, fresh)
    try:
        return await make_release(job, allow_dirty), job
    except ExceptionGroup as group:
        raise one(flatten(group)) from group


async def tags_of(project: Project, client: RegistryClient) -> Mapping[str, str]:
    """The tags of a project's current commit that a registry has."""
    job = await job_of(project, Publisher(client=client, signer=KeySigner()))
    return await client.lookup([f"{job.repository(kind)}:{job.tag}" for kind in ATTESTED])


def champion_verdict(report: str) -> Verdict:
    """What the champion gate said, in a release's JSON."""
    verdicts = from_json(json.dumps(json.loads(report)["verdicts"]))
    (found,) = (each for each in verdicts if each.gate == GATE)
    return found
