"""Programs of steps, as far as they go without the tools of their containers."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from slipway.steps import apply, encryption, model_files, model_signature, tee

from tests.support.cases import FACTS


@pytest.fixture
def _signals() -> Iterator[None]:
    """The handlers of signals are as they were."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_signals")
def test_a_service_that_does_not_start_leaves_the_reason_in_its_log(tmp_path: Path) -> None:
    assert tee.main([str(tmp_path / "log"), "0:0", "no-such-program"]) == 127
    assert (tmp_path / "log").read_text().startswith("no-such-program does not start: ")


def test_files_of_a_model_that_are_none_are_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "metrics.json").write_text("{}")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "link").symlink_to("metrics.json")
    (tmp_path / "rules.json").write_text('{"globals": [], "types": []}')
    code = model_files.main(["--folder", str(folder), "--rules", str(tmp_path / "rules.json")])
    printed = json.loads(capsys.readouterr().out)
    assert (code, printed["files"]) == (0, 3)
    assert [(each["id"], each["where"]) for each in printed["findings"]] == [
        ("model-file-no-file", "link"),
        ("model-file-refused", "run.sh"),
    ]


def test_a_file_of_a_model_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.skops").write_text("long")
    monkeypatch.setattr(model_files, "LIMIT", 3)
    (finding,) = model_files.findings(tmp_path, {"globals": [], "types": []})
    assert finding["id"] == "model-file-size"


def test_a_signing_key_is_written_as_model_signing_reads_it() -> None:
    key = Ed25519PrivateKey.generate()
    content = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    text = model_signature.pem(content).encode()
    read = serialization.load_pem_private_key(text, password=None)
    assert isinstance(read, Ed25519PrivateKey)
    assert read.private_bytes_raw() == key.private_bytes_raw()


@pytest.mark.parametrize(
    ("facts", "words"),
    [("{}", "stack"), (FACTS.predicate(), "not those that were signed")],
)
def test_a_plan_that_is_not_the_one_that_was_signed_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], facts: str, words: str
) -> None:
    key = encryption.key_in(encryption.ensure(tmp_path))
    (tmp_path / "plan").write_bytes(encryption.encrypt(b"another plan", key))
    (tmp_path / "facts.json").write_text(facts)
    code = apply.main(
        [
            "--encrypted", str(tmp_path / "plan"), "--facts", str(tmp_path / "facts.json"),
            "--tree", str(tmp_path), "--private", str(tmp_path / "private"), "--stack", "x",
            "--schema", "x", "--engine", "x", "--tool", "false", "--keys", str(tmp_path),
        ]
    )  # fmt: skip
    assert code == apply.REFUSED
    assert words in capsys.readouterr().err
    assert not (tmp_path / "private").exists()
