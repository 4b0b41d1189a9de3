"""The wrappers for CIs fetch the whole history, call Dagger in the module's version, and hold no secret."""

import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
WHOLE_HISTORY = {
    ".github/workflows/slipway.yml": "fetch-depth: 0",
    ".gitlab-ci.yml": 'GIT_DEPTH: "0"',
    "Jenkinsfile": "shallow: false",
    ".circleci/config.yml": "method: full",
}
wrappers = pytest.mark.parametrize("name", WHOLE_HISTORY)


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@wrappers
def test_it_fetches_the_whole_history(name: str) -> None:
    assert WHOLE_HISTORY[name] in _text(name)


@wrappers
def test_its_dagger_is_that_of_the_module(name: str) -> None:
    version = json.loads(_text("dagger.json"))["engineVersion"].removeprefix("v")
    found = re.findall(r"""DAGGER_VERSION[:=\s]+["']([^"']+)["']""", _text(name))
    assert found == [version]


@wrappers
def test_it_checks_and_releases_with_secrets_of_the_environment(name: str) -> None:
    # A line is what the shell sees: continued ones are one.
    text = re.sub(r"\\?\n\s+(?=--|dist|release)", " ", _text(name))
    calls = re.findall(r'dagger"? call (.*)', text)
    check, release = (call.replace("'", "").split() for call in calls)
    assert "check" in check
    assert "release" in release
    options = dict(
        re.findall(r"--(registry-password|signing-key|signing-key-password) (\S+)", calls[1])
    )
    assert set(options) == {"registry-password", "signing-key", "signing-key-password"}
    assert all(value.startswith("env://") for value in options.values())
    assert calls[1].split()[-4:] == ["dist", "export", "--path", "dist"]


@pytest.mark.parametrize("name", [name for name in WHOLE_HISTORY if name.endswith(".yml")])
def test_it_is_yaml(name: str) -> None:
    assert isinstance(yaml.safe_load(_text(name)), dict)


def test_actions_are_pinned_by_commit() -> None:
    used = re.findall(r"uses: (\S+)", _text(".github/workflows/slipway.yml"))
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", one)] == []
