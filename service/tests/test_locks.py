"""The lock files hold what the requirements ask for, pinned and hashed, and nothing else."""

import re

import pytest

from support import SERVICE

ENTRY = re.compile(r"^([a-z0-9-]+)==([^\s;]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Give what a lock file pins: name → version."""
    return dict(ENTRY.findall((SERVICE / name).read_text()))


def asked(name: str) -> set[str]:
    """Give the names that a requirements file asks for."""
    lines = (SERVICE / name).read_text().splitlines()
    return {line for line in lines if re.match(r"[a-z]", line)}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_a_lock_has_all_that_is_asked_for(name: str) -> None:
    assert asked(f"{name}.in") <= pins(f"{name}.lock").keys()


def test_the_service_is_tested_with_what_it_runs_on() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_line_of_a_lock_is_a_pin_or_a_hash(name: str) -> None:
    lines = (SERVICE / name).read_text().splitlines()
    pin, digest = r"[a-z0-9-]+==[^\s/@]+ \\", r"    --hash=sha256:[0-9a-f]{64}( \\)?"
    assert [line for line in lines if not re.fullmatch(f"{pin}|{digest}", line)] == []
