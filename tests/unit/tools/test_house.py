"""What `make lint` asks of sizes; it runs over the whole tree there, not here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.house import FILE, FUNCTION, Sizes, sizes


def code(lines: int) -> str:
    """A function of so many lines."""
    return "def f():\n" + "    pass\n" * (lines - 1)


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        (code(FUNCTION), []),
        ("@decorated\n" + code(FUNCTION), []),
        (code(FUNCTION + 1), ["engine/x.py:1: the function has 49 lines, more than 48"]),
        ("\nclass C:\n    async def f(self):\n" + "        pass\n" * 48,
         ["engine/x.py:3: the function has 49 lines, more than 48"]),
        ("x = 1\n" * FILE, []),
        ("x = 1\n" * (FILE + 1), ["engine/x.py:1: the file has 301 lines, more than 300"]),
    ],
)  # fmt: skip
def test_what_is_over_a_limit_is_a_finding(tmp_path: Path, text: str, findings: list[str]) -> None:
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "x.py").write_text(text + code(2) * 2 * text.count("def"))
    measured = sizes("engine", [Path("engine/x.py"), Path("tests/y.py")], tmp_path)
    assert [each.text() for each in measured.findings()] == findings


def test_a_median_over_its_limit_is_a_finding() -> None:
    functions = ((11, "x.py:1"), (11, "x.py:12"), (2, "x.py:23"))
    measured = Sizes("engine", functions, ((24, "x.py:1"),))
    assert [each.what for each in measured.findings()] == [
        "the median function has 11 lines, more than 10"
    ]
    assert measured.text().split() == (
        [
            "engine",
            "3",
            "functions,",
            "median",
            "11",
            "lines,",
            "longest",
            "11;",
            "1",
            "files,",
            "largest",
            "24",
        ]
    )
