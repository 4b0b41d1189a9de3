"""A registry that is down, refuses the password, runs out of space, or has the tag already."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from slipway.errors import RegistryError, SlipwayError, TagConflict, flatten, one
from slipway.publishing.contended import publish_until_stable
from slipway.publishing.publisher import Subject, refuse_moved
from slipway.registries.base import Registry
from slipway.registries.oci import OciRegistry
from slipway.runtime.concurrency import concurrently
from slipway.runtime.stage import StageRunner
from slipway.runtime.tools import Tools

from ..support.forging import Artifact
from ..support.project import Project, assert_told, last_error
from ..support.releasing import (
    client_at,
    embedded,
    publisher_at,
    registry_container,
    served,
    tags_of,
)

pytestmark = [pytest.mark.engine, pytest.mark.anyio, pytest.mark.usefixtures("connection")]
PASSWORD = "opensesame-4711"
# What `htpasswd -nbB ann …` prints for it.
HTPASSWD = "ann:$2b$05$abcdefghijklmnopqrstuuNS4OnT/b0DtFv/mehW4Q4o9mA8vYX62\n"
TAG = "localhost:5000/team/some/model:v1"


def locked() -> Registry:
    """A registry that asks for a password, without one."""
    container = (
        registry_container()
        .with_new_file("/auth/htpasswd", HTPASSWD)
        .with_env_variable("REGISTRY_AUTH", "htpasswd")
        .with_env_variable("REGISTRY_AUTH_HTPASSWD_REALM", "test")
        .with_env_variable("REGISTRY_AUTH_HTPASSWD_PATH", "/auth/htpasswd")
    )
    return served(container.as_service(use_entrypoint=True))


async def test_a_registry_that_is_down_is_named() -> None:
    client = client_at(OciRegistry(address="127.0.0.1:1/team"))
    with pytest.raises(RegistryError) as caught:
        await client.lookup(["127.0.0.1:1/team/some/model:v1"])
    assert_told(str(caught.value), "127.0.0.1:1", "does not answer", "--registry-address")


@pytest.mark.parametrize(
    ("username", "password"),
    [("", None), ("ann", "wrong-0815"), ("bob", PASSWORD)],
    ids=["none", "wrong password", "wrong name"],
)
async def test_a_registry_that_refuses_the_password_is_named(
    username: str, password: str | None
) -> None:
    service = locked().service
    assert service is not None
    client = client_at(served(service, username, password))
    with pytest.raises(RegistryError) as caught:
        await client.lookup([TAG])
    told = str(caught.value)
    assert_told(told, "localhost:5000", "refuses the credentials", "--registry-password")
    assert password is None or password not in told


async def test_the_right_password_is_accepted() -> None:
    service = locked().service
    assert service is not None
    assert await client_at(served(service, "ann", PASSWORD)).lookup([TAG]) == {}


# That a release then tags nothing: without an engine, tests/unit/pipeline/test_release_refused.py.
async def test_a_registry_without_space_says_so() -> None:
    # The small artifact fits, the large one does not: it breaks off in the middle.
    small = registry_container().with_mounted_temp("/var/lib/registry", size=1_000_000)
    publisher = publisher_at(served(small.as_service(use_entrypoint=True)))
    verifier = await publisher.signer.verifier(Tools(), StageRunner())
    content = {"plan": "{}", "model": json.dumps("x" * 2_000_000)}
    subjects = [
        Subject(
            kind=kind,
            layout=Artifact.of(kind, text).layout(),
            repository=publisher.client.registry.repository("full", kind),
            attestations={},
        )
        for kind, text in content.items()
    ]
    with pytest.raises((SlipwayError, ExceptionGroup)) as caught:
        await concurrently(*(publish_until_stable(publisher, each, verifier) for each in subjects))
    # One push or both fail, each where it met the end of the space: all of it is the registry's fault.
    failed = flatten(caught.value)
    assert all(isinstance(leaf, RegistryError) for leaf in failed)
    told = str(one(failed))
    assert_told(told, "localhost:5000", "nothing was tagged", sentences=6)
    assert "no space left" in told or "disk may be full" in told


def test_a_tag_that_moved_is_refused() -> None:
    first, other = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
    refuse_moved({}, {"r/x:t": f"r/x@{first}"})
    refuse_moved({"r/x:t": first}, {"r/x:t": f"r/x@{first}"})
    with pytest.raises(TagConflict) as caught:
        refuse_moved({"r/x:t": other}, {"r/x:t": f"r/x@{first}"})
    assert_told(str(caught.value), "r/x:t", first, other)


# That a release then pushes nothing: without an engine, tests/unit/pipeline/test_release_refused.py.
async def test_a_tag_of_something_else_is_found_before_a_release_and_refused(
    project: Project, fresh: Callable[[str], str]
) -> None:
    name = fresh("taken")
    project.named(name)
    client = client_at(embedded())
    commit = project.git("rev-parse", "HEAD").strip()
    # Somebody pushed something else under the tag of this commit.
    plan = client.registry.repository(name, "plan")
    repository = client.registry.internal(plan)
    container = await client.registry.connected(client.container())
    pushed = (
        container.with_new_file("/a.txt", name)
        .with_exec(["tar", "-cf", "/a.tar", "/a.txt"])
        .with_exec(["crane", "append", "-f", "/a.tar", "-t", f"{repository}:{commit}"])
    )
    await pushed.sync()
    found = await tags_of(project, client)
    tag = f"localhost:5050/{name}/plan:{commit}"
    assert list(found) == [tag]
    own = f"sha256:{'1' * 64}"
    with pytest.raises(TagConflict) as caught:
        refuse_moved(found, {tag: f"{plan}@{own}"})
    assert_told(str(caught.value), f"{name}/plan:{commit}", "another digest", found[tag], own)


def test_dagger_call_on_a_registry_that_is_down_exits_with_an_error(project: Project) -> None:
    done = project.call("--registry-address", "127.0.0.1:1/team", "release", "report")
    assert_told(last_error(done), "127.0.0.1:1", "does not answer")
    assert done.stdout == ""


def test_no_secret_is_in_what_a_run_prints(project: Project) -> None:
    secrets = {"REGISTRY_PASSWORD": "registry-hush-7391", "KEY_PASSWORD": "key-hush-2846"}
    (project.folder.parent / "cosign.key").write_text("no key at all\n", encoding="utf-8")
    done = project.call(
        "--registry-address", "127.0.0.1:1/team", "--registry-user", "ann",
        "--registry-password", "env://REGISTRY_PASSWORD", "release", "--signing-key", "file://../cosign.key",
        "--signing-key-password", "env://KEY_PASSWORD", "report",
        environment=secrets,
    )  # fmt: skip
    assert done.returncode != 0
    for secret in (*secrets.values(), "no key at all"):
        assert secret not in done.stdout + done.stderr
