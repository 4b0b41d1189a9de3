"""The data that is written."""

from pathlib import Path

from screening import dataset, table, validate
from screening.features import FEATURES, TARGET
from screening.schema import Schema


def test_the_file_has_one_column_a_feature_and_the_target(data: Path) -> None:
    lines = data.read_bytes().split(b"\n")
    assert lines[0].decode() == ",".join([*FEATURES, TARGET])
    assert len(lines) == 1 + 569 + 1
    assert lines[-1] == b""


def test_malignant_samples_are_the_212_ones_and_their_nuclei_are_larger(
    data: Path, schema: Schema
) -> None:
    rows = table.parse(data.read_bytes(), schema).rows
    areas = {y: [row["mean_area"] for row in rows if row[TARGET] == y] for y in (0, 1)}
    assert len(areas[1]) == 212
    assert sum(areas[1]) / len(areas[1]) > 1.5 * sum(areas[0]) / len(areas[0])


def test_it_is_written_with_the_same_bytes_each_time(data: Path) -> None:
    assert dataset.build() == data.read_bytes()


def test_it_is_as_its_schema_says(data: Path, schema: Schema) -> None:
    assert len(validate.checked(data, schema).rows) == 569
