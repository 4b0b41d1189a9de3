"""The refusals that a test of an attack depends on, and how each is taken out.

A comment in the product marks the line: `# refusal 07b` is the second refusal of row 07 of SECURITY.md. The list names
markers, not files and text, so that it survives renames and moves.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = Path("ci/src/slipway")
MARKER = re.compile(r"  # refusal (?P<name>\d\d[a-z]?)$")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A marked line of the product, how it is taken out, and the test that has to fail then.

    Without `part`, the marked line decides which expression becomes `becomes`: an operand of `and` or `or` that has the
    line to itself; else the condition of an `if`; else the value that is assigned or returned. With `part`, this text
    of the marked line does.
    """

    marker: str
    test: str
    becomes: str = "False"
    part: str = ""

    @property
    def row(self) -> str:
        """The row of SECURITY.md."""
        return self.marker[:2]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a marker stands: a file, relative to the product, and the index of the line."""

    file: Path
    line: int

    def text(self, root: Path) -> str:
        """The whole file."""
        return (root / SOURCE / self.file).read_text(encoding="utf-8")

    def code(self, root: Path) -> str:
        """The marked line without its marker."""
        return MARKER.sub("", self.text(root).splitlines()[self.line]).strip()


@cache
def places(root: Path = ROOT) -> dict[str, list[Place]]:
    """Every marker in the product, with each line that carries it."""
    found: dict[str, list[Place]] = {}
    for path in sorted((root / SOURCE).rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            if match := MARKER.search(line):
                place = Place(path.relative_to(root / SOURCE), number)
                found.setdefault(match["name"], []).append(place)
    return found


def place_of(refusal: Refusal, root: Path = ROOT) -> Place:
    """The one line with its marker."""
    found = places(root).get(refusal.marker, [])
    if len(found) != 1:
        raise ValueError(f"# refusal {refusal.marker} marks {len(found)} lines instead of one")
    return found[0]


def without(refusal: Refusal, text: str, line: int) -> str:
    """A file's text without the refusal on this line."""
    lines = text.splitlines(keepends=True)
    if refusal.part:
        if lines[line].count(refusal.part) != 1:
            raise ValueError(f"refusal {refusal.marker}: its line lacks {refusal.part!r}")
        lines[line] = lines[line].replace(refusal.part, refusal.becomes)
        return "".join(lines)
    node = _target(refusal, ast.parse(text), line + 1, MARKER.sub("", lines[line].rstrip("\n")))
    return _replaced(lines, node, refusal.becomes)


def _target(refusal: Refusal, tree: ast.Module, number: int, code: str) -> ast.expr:
    """The expression that a marked line decides."""
    nodes = list(ast.walk(tree))
    for candidates in (_operands(nodes, code), _conditions(nodes), _values(nodes)):
        near = [(last - first, node) for first, last, node in candidates if first <= number <= last]
        if near:
            return min(near, key=lambda each: each[0])[1]
    raise ValueError(f"refusal {refusal.marker}: no condition and no value on its line")


Candidates = Iterator[tuple[int, int, ast.expr]]


def _operands(nodes: Sequence[ast.AST], code: str) -> Candidates:
    """Operands that have a line to themselves: nothing else stands there but the operator."""
    alone = re.sub(r"^(if|and|or) ", "", code.strip())
    for node in nodes:
        if isinstance(node, ast.BoolOp):
            for each in node.values:
                if ast.unparse(each) == _normal(alone):
                    yield each.lineno, each.lineno, each


def _normal(code: str) -> str:
    """Code in the spelling of `ast.unparse`, "" where it is no expression."""
    try:
        return ast.unparse(ast.parse(code, mode="eval"))
    except SyntaxError:
        return ""


def _conditions(nodes: Sequence[ast.AST]) -> Candidates:
    """The conditions of statements, conditional expressions and comprehensions, with the lines of their heads."""
    for node in nodes:
        if isinstance(node, ast.If):
            yield node.lineno, max(_last(node.test), node.body[0].lineno - 1), node.test
        elif isinstance(node, ast.IfExp):
            yield node.test.lineno, _last(node.test), node.test
        elif isinstance(node, ast.comprehension):
            yield from ((each.lineno, _last(each), each) for each in node.ifs)


def _values(nodes: Sequence[ast.AST]) -> Candidates:
    """What is assigned or returned."""
    for node in nodes:
        if isinstance(node, ast.Assign | ast.Return) and node.value is not None:
            yield node.lineno, _last(node.value), node.value


def _last(node: ast.expr) -> int:
    return node.end_lineno or node.lineno


def _replaced(lines: list[str], node: ast.expr, text: str) -> str:
    """The lines with another expression; columns of `ast` count bytes."""
    first, last = node.lineno - 1, _last(node) - 1
    before = lines[first].encode()[: node.col_offset].decode()
    after = lines[last].encode()[node.end_col_offset :].decode()
    return "".join([*lines[:first], before + text + after, *lines[last + 1 :]])


def _attack(file: str, name: str) -> str:
    return f"tests/attacks/test_{file}.py::test_{name}"


SIGNATURES = "signatures"
FILES = _attack("models", "09_and_10_files_that_run_code_or_are_not_what_they_say")
OLD = _attack(SIGNATURES, "04_a_scan_that_is_too_old_or_of_another_image")
ELSE = _attack("plans", "11_a_plan_that_was_made_for_something_else")
TWICE = _attack("plans", "11_applied_once_never_twice_and_never_late")
SECRETS = _attack("plans", "12_a_plans_secrets_stay_inside")
WAIVER = _attack(SIGNATURES, "18_a_waiver_of_another_release_or_environment")
EMPTY = _attack("inputs", "17_an_empty_key_an_empty_policy_and_an_identity_that_matches_all")
KIND = _attack(SIGNATURES, "03_the_right_key_for_another_kind_of_artifact")
UNFINISHED = _attack("inputs", "08_a_scanner_that_does_not_end_well_has_not_looked")
REFUSALS: tuple[Refusal, ...] = (
    Refusal("01", _attack(SIGNATURES, "01_a_tag_that_moves_changes_nothing_that_was_verified")),
    Refusal("02", _attack(SIGNATURES, "02_attestations_are_no_signature"), "True"),
    Refusal("03a", _attack(SIGNATURES, "03_the_right_key_under_a_wrong_predicate")),
    Refusal("03b", KIND, "True"),
    Refusal("03c", KIND),
    Refusal("04a", OLD),
    Refusal("04b", OLD),
    Refusal("04c", OLD, '""'),
    Refusal("04d", _attack(SIGNATURES, "04_an_old_clean_scan_does_not_hide_the_failed_one_of_today"), "[0]", "[-1]"),
    Refusal("05", _attack(SIGNATURES, "05_a_laptops_key_that_claims_the_builder_of_a_ci")),
    Refusal("06", _attack(SIGNATURES, "06_an_external_parameter_that_nobody_knows"), "",
            ".only(PARAMETERS[build_type])"),
    Refusal("07a", _attack("writers", "07_two_writers_at_once_lose_nothing"), "True"),
    Refusal("07b", _attack(SIGNATURES, "07_bundles_of_another_artifact")),
    Refusal("07c", _attack(SIGNATURES, "07_the_list_of_bundles_is_changed")),
    Refusal("08a", _attack("inputs", "08_a_scanner_that_scans_nothing_has_not_looked"), "True"),
    Refusal("08b", UNFINISHED, "False", "not looked or set(required) - looked"),
    Refusal("08c", _attack(SIGNATURES, "08_a_scan_that_has_not_looked_lets_no_release_through"), "True"),
    Refusal("09a", FILES),
    Refusal("09b", FILES),
    Refusal("09c", FILES),
    Refusal("09d", FILES),
    Refusal("09e", FILES),
    Refusal("09f", FILES),
    Refusal("10a", FILES),
    Refusal("10b", FILES),
    Refusal("10c", FILES),
    Refusal("10d", FILES, "False", "len(set(names)) != len(names)"),
    Refusal("10e", _attack("models", "10_links_devices_bombs_and_an_extra_file")),
    Refusal("10f", _attack("models", "10_a_digest_that_is_a_path"), "layer['digest'][7:]",
            "Digest.parse(layer['digest']).hex"),
    Refusal("11a", ELSE),
    Refusal("11b", ELSE),
    Refusal("11c", _attack("plans", "11_a_first_plan_against_another_empty_database")),
    Refusal("11d", TWICE),
    Refusal("11e", _attack("plans", "11_one_byte_of_the_plan_is_another")),
    Refusal("11f", TWICE),
    Refusal("11g", _attack("plans", "11_two_first_plans_at_once_are_not_both_applied"), "SELECT %s + %s",
            "SELECT pg_advisory_lock(%s, %s)"),
    Refusal("11h", _attack("release", "11_a_plan_that_nobody_signed_whom_the_policy_trusts"), "True"),
    Refusal("12a", SECRETS, "plan", "encrypt(plan, key)"),
    Refusal("12b", SECRETS, "(", "redact("),
    Refusal("12c", _attack("secrets", "12_a_secret_in_the_tree"), '"misconfig"', '"secret"'),
    Refusal("12d", _attack("secrets", "12_a_secret_in_a_layer_of_an_image"), '"license"', '"secret"'),
    Refusal("13", _attack(SIGNATURES, "13_a_new_key_signs_again"), "", "cache=never(),"),
    Refusal("14", _attack("release", "14_hostile_values_in_slipway_yaml"), "^~", "^[-~]"),
    Refusal("15", _attack("inputs", "15_a_dependency_that_is_not_what_was_locked"), "", '"--require-hashes", '),
    Refusal("16", _attack("registries", "16_a_registry_that_lies")),
    Refusal("17a", EMPTY),
    Refusal("17b", EMPTY, 'r"(?!)"', r'''r"[*^\$\\\[\](){}|?]"'''),
    Refusal("18a", WAIVER, "True"),
    Refusal("18b", WAIVER, "True"),
    Refusal("18c", _attack(SIGNATURES, "18_an_approval_of_another_release"), "True"),
)  # fmt: skip


def table(root: Path = ROOT) -> list[str]:
    """The rows of docs/attacks.md."""
    return [_row(refusal, place_of(refusal, root), root) for refusal in REFUSALS]


def _row(refusal: Refusal, place: Place, root: Path) -> str:
    code = place.code(root).replace("|", "\\|")
    name = refusal.test.rpartition("::test_")[2]
    return f"| {refusal.row} | {refusal.marker} | {place.file} | `{code}` | {name} |"
