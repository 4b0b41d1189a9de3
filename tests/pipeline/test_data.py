"""Training data that does not fit its schema, and a model under its threshold."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from slipway.artifacts.model import train_model, trained
from slipway.artifacts.source import CONFIG, Source, open_source
from slipway.errors import DataError, GateFailed
from slipway.gates import gate_named
from slipway.gates.base import SourceTree, TrainedModel, judge, require
from slipway.iac import engine_names
from slipway.runtime.stage import StageRunner
from slipway.verdicts.verdict import Status, WhenNotEvaluated

from ..support.project import Project, assert_told, last_error

pytestmark = [pytest.mark.engine, pytest.mark.anyio]


@pytest.fixture(scope="session")
async def good_csv(source: Source) -> str:
    """The data set that the service's package brings."""
    return await source.data().contents()


def cell(text: str, row: int, column: int, value: str) -> str:
    """The CSV with one cell replaced (rows count the header)."""
    lines = text.splitlines()
    cells = lines[row].split(",")
    cells[column] = value
    lines[row] = ",".join(cells)
    return "\n".join(lines) + "\n"


def without_column(text: str) -> str:
    """The CSV without its second column, mean_texture."""
    rows = [line.split(",") for line in text.splitlines()]
    return "\n".join(",".join([row[0], *row[2:]]) for row in rows) + "\n"


BAD: dict[str, tuple[Callable[[str], str], tuple[str, ...]]] = {
    "missing column": (without_column, ("mean_texture",)),
    "out of range": (lambda text: cell(text, 3, 0, "1e9"), ("mean_radius", "1e9", "60")),
    "NaN": (lambda text: cell(text, 5, 2, "nan"), ("mean_perimeter", "nan")),
    "empty cell": (lambda text: cell(text, 5, 2, ""), ("mean_perimeter",)),
    "a word": (lambda text: cell(text, 2, 1, "wide"), ("mean_texture", "wide")),
    "an empty file": (lambda _: "", ("empty",)),
    "a header only": (lambda text: text.splitlines()[0] + "\n", ("rows",)),
}


async def with_data(source: Source, text: str) -> Source:
    """The project with this data set in a file of its own."""
    declared = await source.tree.file(CONFIG).contents()
    changed = declared.replace("model:\n", "model:\n  data: data.csv\n")
    tree = source.tree.with_new_file("data.csv", text).with_new_file(CONFIG, changed)
    return await open_source(tree, source.tools, engine_names())


@pytest.mark.parametrize(("damage", "words"), BAD.values(), ids=BAD)
async def test_check_and_train_name_what_is_wrong_with_the_data(
    source: Source,
    reference: Project,
    good_csv: str,
    damage: Callable[[str], str],
    words: tuple[str, ...],
) -> None:
    bad = await with_data(source, damage(good_csv))
    gate = gate_named("data", SourceTree)
    verdict = await judge(gate, SourceTree(source=bad), StageRunner())
    assert verdict.status is Status.FAILED
    found = " ".join(f"{one.title} {one.where}" for one in verdict.findings)
    assert not [word for word in words if word not in found], found
    with pytest.raises(DataError) as caught:
        await train_model(bad, StageRunner(), reference.history())
    assert_told(str(caught.value), *words)


async def test_every_problem_is_told_at_once(source: Source, good_csv: str) -> None:
    bad = await with_data(source, cell(cell(good_csv, 5, 2, "nan"), 3, 0, "1e9"))
    gate = gate_named("data", SourceTree)
    verdict = await judge(gate, SourceTree(source=bad), StageRunner())
    assert len(verdict.findings) == 2


async def test_the_same_data_from_a_file_trains_the_same_weights(
    source: Source, reference: Project, good_csv: str
) -> None:
    own = await train_model(source, StageRunner(), reference.history())
    given = await train_model(await with_data(source, good_csv), StageRunner(), reference.history())
    assert (
        await own.files.file("model.skops").digest()
        == await given.files.file("model.skops").digest()
    )


async def test_a_model_under_its_threshold_fails_the_gate(
    source: Source, reference: Project
) -> None:
    declared = await source.tree.file(CONFIG).contents()
    tree = source.tree.with_new_file(
        CONFIG, declared.replace("threshold: 0.97", "threshold: 0.9999")
    )
    strict = await open_source(tree, source.tools, engine_names())
    model = await train_model(strict, StageRunner(), reference.history())
    subject = TrainedModel(source=strict, files=trained(model.files))
    verdict = await judge(gate_named("model", TrainedModel), subject, StageRunner())
    assert verdict.status is Status.FAILED
    with pytest.raises(GateFailed) as caught:
        require([verdict], WhenNotEvaluated.ALLOW)
    assert_told(str(caught.value), "roc_auc", "0.9999", "model.threshold", sentences=4)


def test_build_of_a_weak_model_exits_with_an_error(project: Project) -> None:
    project.edit(CONFIG, "threshold: 0.97", "threshold: 0.9999").commit()
    done = project.call("build", "digest")
    assert_told(last_error(done), "roc_auc", "0.9999", sentences=4)
    assert done.stdout == ""
