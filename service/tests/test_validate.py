"""Each kind of bad data, and what is said about it."""

from pathlib import Path

import pytest

from screening import train, validate
from support import SERVICE, train_arguments

SCHEMA = str(SERVICE / "schema.json")


def check(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """Run the command; give its exit code and the problems it names, without the file's name."""
    code = validate.main(["--data", str(path), "--schema", SCHEMA])
    output = capsys.readouterr()
    assert output.out == ""
    assert "Traceback" not in output.err
    return code, [line.removeprefix(f"{path}: ") for line in output.err.splitlines()]


@pytest.fixture
def lines(data: Path) -> list[list[str]]:
    """The cells of the good data, to spoil."""
    return [line.split(",") for line in data.read_text().splitlines()]


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """Where to write the spoilt data."""
    return tmp_path / "spoilt.csv"


def write(path: Path, lines: list[list[str]]) -> None:
    """Write cells as CSV."""
    path.write_text("\n".join(",".join(cells) for cells in lines) + "\n")


def test_good_data_passes(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = check(data, capsys)
    assert code == 0
    assert said == [f"569 rows, all as {SCHEMA} says."]


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("", "an empty cell"),
        ("  ", "an empty cell"),
        ("NaN", "'NaN'"),
        ("inf", "'inf'"),
        ("1e999", "'1e999'"),
        ("-1", "'-1'"),
        ("60.01", "'60.01'"),
        ("twelve", "'twelve'"),
        ("1_0", "'1_0'"),
        ("0x10", "'0x10'"),
        ("١٢", "'١٢'"),
        ("True", "'True'"),
        ("a\x1bb", "'a\\x1bb'"),
        ("9" * 60, f"'{'9' * 40}…'"),
    ],
)
def test_a_bad_cell_is_named_with_row_column_and_what_is_allowed(
    cell: str,
    found: str,
    lines: list[list[str]],
    spoilt: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines[6][0] = cell
    write(spoilt, lines)
    said = f"row 7, column mean_radius: found {found}, allowed is a number from 1 to 60."
    assert check(spoilt, capsys) == (3, [said])


@pytest.mark.parametrize("cell", ["0.5", "2", "-1", "1.0", "yes"])
def test_the_target_is_a_whole_number_0_or_1(
    cell: str, lines: list[list[str]], spoilt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines[1][-1] = cell
    write(spoilt, lines)
    said = f"row 2, column malignant: found '{cell}', allowed is a whole number from 0 to 1."
    assert check(spoilt, capsys) == (3, [said])


def test_a_missing_column_is_named(
    lines: list[list[str]], spoilt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(spoilt, [cells[1:] for cells in lines])
    said = "row 1, column mean_radius: found no such column, allowed is a number from 1 to 60."
    assert check(spoilt, capsys) == (3, [said])


def test_an_unexpected_column_is_named(
    lines: list[list[str]], spoilt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(spoilt, [["shoe_size", *lines[0]], *([["42", *cells] for cells in lines[1:]])])
    found = "found an unexpected column, allowed is the schema's columns only."
    assert check(spoilt, capsys) == (3, [f"row 1, column 'shoe_size': {found}"])


def test_a_column_given_twice_is_named(
    lines: list[list[str]], spoilt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(spoilt, [[cells[0], *cells] for cells in lines])
    said = "row 1, column mean_radius: found the column 2 times, allowed is each column once."
    assert check(spoilt, capsys) == (3, [said])


def test_a_row_with_too_few_cells_is_named(
    lines: list[list[str]], spoilt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines[3].pop()
    write(spoilt, lines)
    assert check(spoilt, capsys) == (3, ["row 4: found 30 cells, allowed is 31, as in the header."])


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(
    content: bytes, spoilt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoilt.write_bytes(content)
    said = "the file: found an empty file, allowed is a header and rows of data."
    assert check(spoilt, capsys) == (3, [said])


def test_a_header_without_rows_is_refused(
    lines: list[list[str]], spoilt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(spoilt, lines[:1])
    said = "the file: found 0 rows of data, allowed is at least 100."
    assert check(spoilt, capsys) == (3, [said])


def test_data_of_one_class_is_refused(
    lines: list[list[str]], spoilt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(spoilt, [lines[0], *([*cells[:-1], "1"] for cells in lines[1:])])
    said = "the file, column malignant: found 0 rows with the value 0, allowed is at least 20."
    code, problems = check(spoilt, capsys)
    assert (code, problems) == (3, [said.removeprefix("the file, ")])


def test_bytes_that_are_not_utf_8_are_placed(
    data: Path, spoilt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoilt.write_bytes(data.read_bytes().replace(b"\n", b"\n\xff", 2))
    assert check(spoilt, capsys) == (3, ["row 2: found the byte 0xff, allowed is text in UTF-8."])


def test_a_quote_that_never_ends_is_refused(
    lines: list[list[str]], spoilt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines[2][0] = '"12'
    write(spoilt, lines)
    code, (said,) = check(spoilt, capsys)
    assert code == 3
    assert "found broken CSV" in said


def test_a_missing_file_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = check(tmp_path / "nowhere.csv", capsys)
    assert (code, said) == (3, ["the data cannot be read (No such file or directory)."])


def test_all_problems_are_found_the_first_20_listed_and_the_rest_counted(
    lines: list[list[str]], spoilt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for cells in lines[1:26]:
        cells[0] = "-1"
    write(spoilt, lines)
    code, said = check(spoilt, capsys)
    assert code == 3
    assert [line.split(",")[0] for line in said[:20]] == [f"row {row}" for row in range(2, 22)]
    assert said[20:] == ["and 5 more problems, 25 in all."]


def test_spreadsheet_habits_are_understood(
    data: Path, spoilt: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = data.read_text().replace("\n", "\r\n").replace(",", " , ")
    spoilt.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert check(spoilt, capsys)[0] == 0


def test_training_refuses_the_same_data_and_writes_nothing(
    lines: list[list[str]], spoilt: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines[6][0] = "NaN"
    write(spoilt, lines)
    assert train.main(train_arguments(spoilt, tmp_path / "out")) == 3
    said = f"{spoilt}: row 7, column mean_radius: found 'NaN', allowed is a number from 1 to 60.\n"
    assert capsys.readouterr().err == said
    assert not (tmp_path / "out").exists()
