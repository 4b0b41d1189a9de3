"""Which registry serves an address, how a container reaches it, and how it is logged in to."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from slipway import registries
from slipway.errors import InvalidReference
from slipway.registries import REGISTRIES, open_registry, registry_of
from slipway.registries.base import ALIAS, Registry, docker_config
from slipway.registries.embedded import EMBEDDED, EmbeddedRegistry
from slipway.registries.oci import OciRegistry
from slipway.runtime.tools import Tools

# A stand-in of what the engine would give: only its presence counts here.
THING: Any = object()
PINNED = f"localhost:5050/screening/image@sha256:{'a' * 64}"


def registry(service: bool, address: str = "localhost:5050/team") -> Registry:
    """A registry, which is a service of the engine or not."""
    return OciRegistry(address=address, service=THING if service else None)


def test_a_container_reaches_a_service_under_its_alias_with_the_same_port_and_path() -> None:
    one = registry(service=True)
    assert one.internal("localhost:5050/team/a@sha256:x") == f"{ALIAS}:5050/team/a@sha256:x"
    assert one.internal("localhost:5050") == f"{ALIAS}:5050"
    assert one.internal("localhost/team") == f"{ALIAS}/team"
    assert one.host == "localhost:5050"
    assert one.repository("screening", "model") == "localhost:5050/team/screening/model"


def test_a_container_writes_a_real_registry_as_a_person_does() -> None:
    text = "registry.example.com/team/a@sha256:x"
    assert registry(service=False).internal(text) == text


def test_the_login_is_docker_s_for_one_host() -> None:
    ((host, entry),) = json.loads(docker_config("registry.example.com", "me", "a:b"))[
        "auths"
    ].items()
    assert host == "registry.example.com"
    assert base64.b64decode(entry["auth"]) == b"me:a:b"


class _Password:
    """A secret whose text the test knows."""

    async def plaintext(self) -> str:
        """Its text, with the line break that files end with."""
        return "secret\n"


@pytest.mark.anyio
async def test_credentials_are_those_that_were_given() -> None:
    password: Any = _Password()
    given = OciRegistry(address="registry.example.com", username="me", password=password)
    assert await given.credentials() == ("me", "secret")
    assert await OciRegistry(address="registry.example.com", username="me").credentials() is None


def test_without_an_address_the_embedded_registry_serves() -> None:
    opened = open_registry(Tools())
    assert isinstance(opened, EmbeddedRegistry)
    assert opened.address == EMBEDDED
    assert opened.service is not None


def test_a_reference_at_its_address_is_in_the_embedded_registry_with_its_credentials() -> None:
    found = registry_of(PINNED, Tools(), username="me", password=THING)
    assert isinstance(found, EmbeddedRegistry)
    assert (found.username, found.password) == ("me", THING)
    assert found.service is not None


def test_a_service_that_is_named_takes_the_place_of_the_embedded_one() -> None:
    assert registry_of(PINNED, Tools(), THING).service is THING
    assert open_registry(Tools(), None, THING).service is THING


def test_a_reference_elsewhere_is_not_looked_for_in_the_embedded_registry() -> None:
    other = registry_of(PINNED.replace("localhost:5050", "registry.example.com"), Tools())
    assert isinstance(other, OciRegistry)
    assert other.service is None
    assert other.address == "registry.example.com"
    own = open_registry(Tools(), "registry.example.com/team", THING, "me", THING)
    assert own == OciRegistry(
        address="registry.example.com/team", service=THING, username="me", password=THING
    )


@pytest.mark.parametrize("text", ["not a reference", "", "https://registry.example.com"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidReference):
        registry_of(text, Tools())
    with pytest.raises(InvalidReference):
        open_registry(Tools(), text)


def test_every_registry_says_what_it_is_and_the_last_serves_any() -> None:
    names = [kind.name for kind in REGISTRIES]
    assert len(set(names)) == len(names)
    assert all(kind.title for kind in REGISTRIES)
    assert REGISTRIES[-1].serves("anything.example:1")


@dataclass(frozen=True, kw_only=True)
class ToyRegistry(Registry):
    """A registry as a new file would bring one."""

    name: ClassVar[str] = "toy"
    title: ClassVar[str] = "a toy"

    @classmethod
    def serves(cls, host: str) -> bool:
        """Whether a host is a toy's."""
        return host.endswith(".toys.example")

    async def credentials(self) -> tuple[str, str] | None:
        """A token in exchange, as registries of clouds hand them out."""
        return "token", f"for-{self.username}"


@pytest.mark.anyio
async def test_a_new_registry_is_one_file_and_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, "REGISTRIES", (ToyRegistry, *REGISTRIES))
    toy = registry_of("a.toys.example/x:1", Tools(), username="me")
    assert isinstance(toy, ToyRegistry)
    assert await toy.credentials() == ("token", "for-me")
    assert isinstance(open_registry(Tools(), "a.toys.example/team"), ToyRegistry)
    assert isinstance(registry_of("a.example/x:1", Tools()), OciRegistry)
    assert isinstance(open_registry(Tools()), EmbeddedRegistry)
