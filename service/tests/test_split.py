"""Which rows are held out."""

from screening.features import TARGET
from screening.split import HELD_OUT, Row, split


def test_every_row_is_on_one_side(rows: list[Row]) -> None:
    parts = split(rows)
    both = [*parts.train, *parts.heldout]
    assert sorted(map(str, both)) == sorted(map(str, rows))


def test_about_a_quarter_of_each_class_is_held_out(rows: list[Row]) -> None:
    for label in (0, 1):
        total = sum(row[TARGET] == label for row in rows)
        held = sum(row[TARGET] == label for row in split(rows).heldout)
        assert abs(held / total - HELD_OUT) < 0.05


def test_the_order_of_the_file_does_not_matter(rows: list[Row]) -> None:
    assert split(rows[::-1]) == split(rows)


def test_a_row_stays_on_its_side_when_others_come_and_go(rows: list[Row]) -> None:
    heldout = split(rows).heldout
    assert all(row in heldout for row in split(rows[100:]).heldout)


def test_a_corrected_label_does_not_move_a_row(rows: list[Row]) -> None:
    corrected = [{**row, TARGET: 1 - row[TARGET]} for row in rows]
    assert len(split(corrected).heldout) == len(split(rows).heldout)
    assert [row["mean_area"] for row in split(corrected).heldout] == [
        row["mean_area"] for row in split(rows).heldout
    ]
