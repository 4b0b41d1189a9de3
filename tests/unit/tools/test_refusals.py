"""How a marked line of the product is taken out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.refusals import SOURCE, Refusal, place_of, without


def taken_out(text: str, becomes: str = "False", part: str = "") -> str:
    """The text without the refusal that marks one of its lines."""
    lines = text.splitlines()
    line = next(number for number, each in enumerate(lines) if each.endswith("# refusal 07b"))
    return without(Refusal("07b", "", becomes, part), text, line)


@pytest.mark.parametrize(
    ("text", "becomes", "part", "result"),
    [
        ("if a or b:  # refusal 07b\n    pass\n", "False", "", "if False:  # refusal 07b\n    pass\n"),
        ("if a:\n    b\nelif c:  # refusal 07b\n    d\n", "False", "",
         "if a:\n    b\nelif False:  # refusal 07b\n    d\n"),
        ("if (\n    a\n    or b  # refusal 07b\n):\n    pass\n", "False", "",
         "if (\n    a\n    or False  # refusal 07b\n):\n    pass\n"),
        ("if f(\n    a\n):  # refusal 07b\n    pass\n", "False", "", "if False:  # refusal 07b\n    pass\n"),
        ("x = [a for a in b if a == c]  # refusal 07b\n", "True", "",
         "x = [a for a in b if True]  # refusal 07b\n"),
        ('x = "ü" if a else b  # refusal 07b\n', "True", "", 'x = "ü" if True else b  # refusal 07b\n'),
        ("x = a == b  # refusal 07b\n", "True", "", "x = True  # refusal 07b\n"),
        ("def f():\n    return g(a)  # refusal 07b\n", "True", "", "def f():\n    return True  # refusal 07b\n"),
        ("x = g(h(a))  # refusal 07b\n", "a", "h(a)", "x = g(a)  # refusal 07b\n"),
    ],
)  # fmt: skip
def test_the_marked_expression_becomes_another(
    text: str, becomes: str, part: str, result: str
) -> None:
    assert taken_out(text, becomes, part) == result


def test_the_nearest_condition_is_the_one() -> None:
    text = "if a:\n    if b:  # refusal 07b\n        c\n"
    assert taken_out(text) == "if a:\n    if False:  # refusal 07b\n        c\n"


@pytest.mark.parametrize("part", ["", "absent", "a"])
def test_what_is_not_just_one_expression_is_an_error(part: str) -> None:
    with pytest.raises(ValueError, match="refusal 07b"):
        taken_out("f(a, a)  # refusal 07b\n", part=part)


@pytest.mark.parametrize("lines", [0, 2])
def test_a_marker_stands_on_one_line(tmp_path: Path, lines: int) -> None:
    (tmp_path / SOURCE).mkdir(parents=True)
    (tmp_path / SOURCE / "x.py").write_text("x = a  # refusal 07b\n" * lines)
    with pytest.raises(ValueError, match=f"marks {lines} lines"):
        place_of(Refusal("07b", ""), tmp_path)
