"""Which words count as the old vocabulary, and which are ordinary English."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.vocabulary import words_in


def found(tmp_path: Path, name: str, text: str) -> list[str]:
    """The findings in one file."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return [finding.text().removeprefix(f"{name}:") for finding in words_in(Path(name), tmp_path)]


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("def desk_at(x: DeskError) -> None: ...\n", ["1: desk: registry client or publisher"]),
        ("# the run's journal\n", ["1: journal: run trace"]),
        ('raise E("2 complaints")\n', ["1: complaints: errors"]),
        ('f"applied\\nspent {plan}"\n', ["1: spent: consumed"]),
        ("class Party:\n    pass\n", ["1: Party: RelyingParty"]),
        ("x: Trust = find(Found)\n", ["1: Found: pulled or verified artifact", "1: Trust: verifier"]),
        ("@once\ndef f() -> None: ...\n", ["1: once: memoize"]),
        ("a.box()\n", ["1: box(): tool container"]),
        ("from ..inside.plan import x\n", ["1: module inside: steps"]),
        ("from .. import proof\n", ["1: module proof: verify"]),
        ('run("-m", "slipway.inside.apply")\n', ["1: module inside: steps"]),
        ("SEALED = b'plan.tfplan.sealed'\n", ["1: sealed: encrypted"]),
        ("connection.execute('SELECT plan FROM slipway.spent')\n", []),
        ('"""Once, inside a container, what was found is trusted: proof of origins, settled by a party."""\n', []),
        ("box = found = trust = run_once = None\n", []),
        ("class KeylessSigner:\n    housekeeper = 1\n", []),
        ("seconds = 1  # time spent in a stage\n", []),
    ],
)  # fmt: skip
def test_in_code(tmp_path: Path, text: str, findings: list[str]) -> None:
    assert found(tmp_path, "ci/src/x.py", text) == findings


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("Plans are sealed, then spent.\n", ["1: sealed: encrypted", "1: spent: consumed"]),
        ("\nSee `settle` and inside/plan.py.\n", ["2: module inside: steps", "2: module settle: publish until stable"]),
        ("Programs inside containers run once; engine/inside.py is one.\n", []),
        ("The relying party trusts keyless signatures.\n", []),
        ("Each plan holds `plan.tfplan.sealed`.\n", []),
    ],
)  # fmt: skip
def test_in_documents(tmp_path: Path, text: str, findings: list[str]) -> None:
    assert found(tmp_path, "docs/x.md", text) == findings


@pytest.mark.parametrize(
    ("name", "findings"),
    [
        ("ci/src/slipway/inside/x.py", ["1: module inside: steps"]),
        ("tests/unit/test_once.py", ["1: module once: memo"]),
        ("ci/src/slipway/journal.py", ["1: journal: run trace"]),
        ("docs/once.md", []),
        ("engine/inside.py", []),
        ("tests/assets/ruff/journal.json", []),
    ],
)
def test_in_names_of_files(tmp_path: Path, name: str, findings: list[str]) -> None:
    assert found(tmp_path, name, "") == findings
