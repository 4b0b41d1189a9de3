"""SECURITY.md and docs/policy.md against the program."""

from __future__ import annotations

import re
from pathlib import Path

from slipway.policy.document import parse

ROOT = Path(__file__).parents[3]
SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
POLICY = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d\d) \| .+ \| .+ \| (.+) \|$", re.MULTILINE)
TEST = re.compile(r"^(?:async )?def test_(\d\d)(?:_and_(\d\d))?_", re.MULTILINE)


def test_each_row_of_the_table_is_in_the_files_that_it_names() -> None:
    told = {(number, file) for number, files in ROW.findall(SECURITY) for file in files.split(", ")}
    there = {
        (number, path.name)
        for path in (ROOT / "tests" / "attacks").glob("test_*.py")
        for numbers in TEST.findall(path.read_text(encoding="utf-8"))
        for number in numbers
        if number
    }
    assert told == there
    assert {number for number, _ in told} == {f"{n:02}" for n in range(1, 19)}


def test_the_example_of_a_policy_is_one() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", POLICY, re.DOTALL)
    policy = parse(example)
    assert policy.waivers
    for key in ("signers", "environments", "waivers", "max-data-age-days", "not-evaluated"):
        assert f"`{key}" in POLICY or f".{key}`" in POLICY, key
