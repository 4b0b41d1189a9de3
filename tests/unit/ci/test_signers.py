"""Who signs, out of what a person said: one way at a time, and nothing missing for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from slipway.errors import ConfigError, DataError
from slipway.policy.document import parse
from slipway.signers.cosign import Key, attest_command, sign_commands
from slipway.signers.keyless import Choice, Identity, Managed
from slipway.steps.sequence import environment, main, read_lines

# Stand-ins of what the engine would hand over: only their presence counts here.
THING: Any = object()
POLICY = parse(
    """
version: 1
signers:
  - {name: developer, key: embedded, builders: ["tag:slipway,2026:builder/local"]}
  - {name: ci, identity: "https://ci.example/job", issuer: "https://ci.example", builders: ["tag:x,2026:ci"]}
environments:
  - name: dev
    signers: [developer, ci]
    gates: [{gate: lint}]
"""
)
IDENTITY = {"identity": "ci", "credentials": THING, "config": THING, "root": THING}


def test_nothing_said_means_the_embedded_key() -> None:
    assert Choice().signer(None) == Key()
    assert Choice(key=THING, key_password=THING).signer(None) == Key(secret=THING, password=THING)


def test_a_key_that_a_service_keeps() -> None:
    choice = Choice(managed_key="hashivault://slipway", credentials=THING)
    signer = choice.signer(None)
    assert isinstance(signer, Managed)
    (command,) = sign_commands(signer, "x@sha256:y")
    assert command[command.index("--key") + 1] == "hashivault://slipway"


def test_an_identity_is_one_of_the_policy() -> None:
    signer = Choice(**IDENTITY).signer(POLICY)
    assert isinstance(signer, Identity)
    assert (signer.identity, signer.issuer) == ("https://ci.example/job", "https://ci.example")
    command = attest_command(signer, "x@sha256:y", "tag:a", "/p.json")
    assert "--key" not in command
    # Nobody is there to open a browser.
    assert command[command.index("--fulcio-auth-flow") + 1] == "token"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"key": THING, "managed_key": "hashivault://a"}, ["one signs, not 2", "--key", "--managed-key"]),
        ({"key": THING, **IDENTITY}, ["one signs, not 2", "--identity"]),
        ({"managed_key": "hashivault://a"}, ["needs --signing-credentials"]),
        ({"managed_key": "cosign.key", "credentials": THING}, ["no key that a service keeps"]),
        ({"managed_key": "hashivault://", "credentials": THING}, ["no key that a service keeps"]),
        ({"credentials": THING}, ["go with --managed-key and --identity only"]),
        ({"config": THING, "root": THING}, ["--signing-config and --trusted-root go with --identity"]),
        ({**IDENTITY, "root": None}, ["needs --trusted-root"]),
        ({"identity": "ci"}, ["--signing-credentials and --signing-config and --trusted-root"]),
        ({**IDENTITY, "identity": "developer"}, ["no signer 'developer' who is an identity", "ci"]),
        ({**IDENTITY, "identity": "nobody"}, ["policy.yaml has: ci"]),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_said(said: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        Choice(**said).signer(POLICY)
    for word in words:
        assert word in str(caught.value)


def test_lines_of_credentials(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text("# Vault\n\nVAULT_ADDR=http://v:8200\nVAULT_TOKEN=a=b c\n")
    assert read_lines(path) == {"VAULT_ADDR": "http://v:8200", "VAULT_TOKEN": "a=b c"}
    assert environment([], path)["VAULT_TOKEN"] == "a=b c"


@pytest.mark.parametrize("line", ["hush", "=hush", "A B=hush", "export A=hush"])
def test_a_line_that_is_none_is_told_by_its_number_only(
    tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lines"
    path.write_text(f"A=1\n{line}\n")
    with pytest.raises(DataError, match="line 2 is not NAME=value") as caught:
        read_lines(path)
    assert "hush" not in str(caught.value)
    commands = tmp_path / "commands.json"
    commands.write_text("[]")
    assert main(["--commands", str(commands), "--environment", str(path)]) == 4
    assert "hush" not in capsys.readouterr().err
