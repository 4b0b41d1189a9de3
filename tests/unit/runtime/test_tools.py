"""Tool images: the catalogue of a run, and the lock that replaces their names by digests."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from slipway.errors import ConfigError
from slipway.gates import GATES
from slipway.iac.terraform import IMAGE as TERRAFORM
from slipway.pipeline.catalogue import catalogue, made_with
from slipway.runtime.images import CRANE, GIT, PYTHON
from slipway.runtime.tools import Tools, checked_lock

ROOT = Path(__file__).parents[3]
PINNED = f"mirror.example.com/python@sha256:{'a' * 64}"


def test_no_two_images_have_one_name() -> None:
    names = [image.name for image in catalogue()]
    assert len(set(names)) == len(names)


def test_the_images_of_all_gates_are_in_the_catalogue() -> None:
    for gate in GATES:
        assert set(gate.images) <= set(catalogue())


def test_provenance_lists_the_same_images_in_the_same_order_as_before() -> None:
    names = [image.name for image in made_with("opentofu")]
    assert names == ["python", "git", "crane", "cosign", "trivy", "osv-scanner", "opentofu"]


def test_every_image_has_a_stand_in_for_machines_without_registries() -> None:
    recipes = tomllib.loads((ROOT / "engine/standins.toml").read_text(encoding="utf-8"))
    missing = {image.reference for image in catalogue() if image.reference not in recipes["image"]}
    assert missing == {TERRAFORM.reference}  # its licence


def test_a_lock_replaces_the_images_that_it_names() -> None:
    tools = Tools(lock=checked_lock({"python": PINNED}, catalogue()))
    assert tools.reference(PYTHON) == PINNED
    assert tools.reference(GIT) == GIT.reference


@pytest.mark.parametrize(
    ("lock", "words"),
    [
        ([], ["not a JSON object"]),
        ({"snake": PINNED}, ["'snake'", "It may name: python, git,", "osv-scanner", "terraform"]),
        ({"crane": CRANE.reference}, ["crane without a digest"]),
        ({"crane": 1}, ["crane without a digest"]),
    ],
)
def test_a_lock_names_images_of_the_catalogue_by_digest(lock: object, words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        checked_lock(lock, catalogue())
    for word in words:
        assert word in str(caught.value)
