"""A service that fails its tests, does not start, answers wrongly; and the good one."""

from __future__ import annotations

import json

import pytest
from slipway.artifacts.image import USER, container_of
from slipway.artifacts.model import train_model, trained
from slipway.artifacts.source import Source, open_source
from slipway.errors import GateFailed
from slipway.gates import gate_named
from slipway.gates.base import BuiltImage, SourceTree, TrainedModel, judge, require
from slipway.iac import engine_names
from slipway.runtime.layout import digest_of
from slipway.runtime.stage import StageRunner
from slipway.verdicts.verdict import Status, Verdict, WhenNotEvaluated

from ..support.project import Project, assert_told
from ..support.releasing import built

pytestmark = [pytest.mark.engine, pytest.mark.anyio]
PACKAGE = "service/src/screening"
CRASH = 'import sys\n\nprint("no port for me today", file=sys.stderr)\nsys.exit(7)\n'
FAILING = '"""A wrong test."""\n\n\ndef test_sums() -> None:\n    assert 1 + 1 == 3\n'


async def changed(source: Source, path: str, text: str) -> Source:
    """The project with one file's text replaced."""
    return await open_source(source.tree.with_new_file(path, text), source.tools, engine_names())


async def smoked(source: Source, project: Project) -> Verdict:
    """The verdict of the smoke test on a source's image."""
    image = await built(source, project)
    subject = BuiltImage(source=source, digest=await digest_of(image.layout), image=image)
    return await judge(gate_named("smoke-test", BuiltImage), subject, StageRunner())


async def test_the_model_has_metrics_a_card_and_a_digest(
    source: Source, reference: Project
) -> None:
    model = await train_model(source, StageRunner(), reference.history())
    facts = json.loads(await model.files.file("metrics.json").contents())
    assert 0.97 <= facts["metrics"]["roc_auc"] <= 1
    assert facts["rows"]["heldout"] > 50
    assert "roc_auc" in await model.files.file("card.md").contents()
    assert (await digest_of(model.layout)).startswith("sha256:")
    subject = TrainedModel(source=source, files=trained(model.files))
    verdict = await judge(gate_named("model", TrainedModel), subject, StageRunner())
    assert verdict.status is Status.PASSED


async def test_the_image_serves_as_nobody_with_nothing_of_the_tests_in_it(
    source: Source, reference: Project
) -> None:
    container = container_of(await built(source, reference))
    assert await container.user() == USER
    assert await container.with_exec(["id", "-u"]).stdout() == "65532\n"
    listing = await container.with_exec(["find", "/opt/service", "/model"]).stdout()
    assert "/opt/service/screening/app.py" in listing
    assert "/model/model.skops" in listing
    assert "heldout.json" not in listing
    assert "test" not in listing


async def test_the_good_service_answers_as_its_model(source: Source, reference: Project) -> None:
    verdict = await smoked(source, reference)
    assert verdict.status is Status.PASSED, verdict.findings
    assert "held-out rows answered as the model does" in verdict.summary


async def test_a_failing_test_of_the_service_is_named(source: Source) -> None:
    tree = source.tree.without_directory("service/tests").with_new_file(
        "service/tests/test_wrong.py", FAILING
    )
    bad = await open_source(tree, source.tools, engine_names())
    gate = gate_named("unit-tests", SourceTree)
    verdict = await judge(gate, SourceTree(source=bad), StageRunner())
    assert verdict.status is Status.FAILED
    with pytest.raises(GateFailed) as caught:
        require([verdict], WhenNotEvaluated.ALLOW)
    assert_told(str(caught.value), "unit-tests", "test_sums", "--stage unit-tests", sentences=4)


async def test_a_service_without_tests_has_not_passed_them(source: Source) -> None:
    bad = await open_source(
        source.tree.without_directory("service/tests"), source.tools, engine_names()
    )
    gate = gate_named("unit-tests", SourceTree)
    verdict = await judge(gate, SourceTree(source=bad), StageRunner())
    assert verdict.status is not Status.PASSED


async def test_a_service_that_does_not_start_fails_with_its_last_words(
    source: Source, reference: Project
) -> None:
    bad = await changed(source, f"{PACKAGE}/__main__.py", CRASH)
    verdict = await smoked(bad, reference)
    assert verdict.status is Status.FAILED
    with pytest.raises(GateFailed) as caught:
        require([verdict], WhenNotEvaluated.ALLOW)
    told = str(caught.value)
    assert "no port for me today" in told
    assert "ended with exit code 7" in told
    assert "--stage smoke-test" in told


async def test_a_service_that_answers_wrongly_is_caught(source: Source, reference: Project) -> None:
    path = f"{PACKAGE}/app.py"
    text = await source.tree.file(path).contents()
    assert "Answer(probability=p, label=y)" in text
    wrong = text.replace("Answer(probability=p, label=y)", "Answer(probability=1 - p, label=y)")
    verdict = await smoked(await changed(source, path, wrong), reference)
    assert verdict.status is Status.FAILED
    assert "the service answers" in verdict.summary
    assert "the model" in verdict.summary
