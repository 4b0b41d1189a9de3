"""The files of a report: each is written whatever a tool reported, and one that fails loses only itself."""

from __future__ import annotations

import json
from typing import NoReturn

import pytest
from hypothesis import given, settings
from slipway.attestations.release import Release, parse_report
from slipway.formats.writable import plain, writable
from slipway.policy.verification import Check, Verification
from slipway.report import files as release_files
from slipway.report.files import report_files
from slipway.report.text import Made, render

from .hostile import RELEASES, TEXT
from .test_page import Reader
from .test_text import MADE, RELEASE

ALL = {"release.json", "verdicts.sarif", "report.html", "report.txt"}


# Each example renders and reads back four files: a few of them tell as much as many.
@settings(max_examples=12)
@given(RELEASES, TEXT)
def test_every_file_of_any_text_is_written_and_read_back(release: Release, tag: str) -> None:
    made = [Made(kind=tag, reference=tag, size=1)]
    files, problems = report_files(release, made, tag=tag, new=True)
    assert (set(files), problems) == (ALL, [])
    for content in files.values():
        assert content.encode().decode() == writable(content) == content
    _record_is_read_back(files["release.json"], release)
    _sarif_is_read_back(files["verdicts.sarif"], release)
    _page_is_well_formed(files["report.html"], release)
    _text_is_printable(files["report.txt"], tag)


def _record_is_read_back(text: str, release: Release) -> None:
    again = parse_report(text)
    summaries = [writable(each.summary) for each in release.verdicts]
    assert [each.summary for each in again.verdicts] == summaries
    after = [tuple(map(writable, each.after)) for each in release.stages]
    assert [each.after for each in again.stages] == after
    assert parse_report(again.report()) == again


def _sarif_is_read_back(text: str, release: Release) -> None:
    runs = json.loads(text)["runs"]
    summaries = [writable(each.summary) for each in release.verdicts]
    assert [run["properties"]["summary"] for run in runs] == summaries
    json.dumps(runs, ensure_ascii=False).encode()


def _page_is_well_formed(page: str, release: Release) -> None:
    assert page.startswith("<!doctype html>\n")
    reader = Reader(page)
    assert "b" not in {name for name, _ in reader.tags}
    rows = [attrs for _, attrs in reader.tags if attrs.get("role") == "row"]
    assert len(rows) == len(release.stages)


def _text_is_printable(text: str, tag: str) -> None:
    lines = text.split("\n")
    assert all(line == plain(line) for line in lines)
    assert lines[1] == f"tagged {plain(tag)}"


@given(TEXT)
def test_an_answer_of_any_text_is_written_for_people_and_machines(text: str) -> None:
    check = Check(artifact=text, requirement=text, result=text, signer=text, ok=True)
    answer = Verification(
        release=text, commit=text, environment=text, artifacts={text: text}, checks=(check,)
    )
    assert json.loads(answer.to_json())["checks"][0]["result"] == writable(text)
    answer.to_text().encode()


@pytest.mark.parametrize(
    ("renderer", "lost"),
    [("to_sarif", "verdicts.sarif"), ("render_page", "report.html"), ("size", "report.html")],
)
def test_a_renderer_that_fails_loses_its_own_file_and_is_named(
    monkeypatch: pytest.MonkeyPatch, renderer: str, lost: str
) -> None:
    whole, _ = report_files(RELEASE, MADE, tag="v1", new=True)
    monkeypatch.setattr(release_files, renderer, _broken)
    files, problems = report_files(RELEASE, MADE, tag="v1", new=True)
    assert set(files) == ALL - {lost}
    assert [files[name] for name in sorted(set(files) - {"report.txt"})] == [
        whole[name] for name in sorted(set(files) - {"report.txt"})
    ]
    (problem,) = problems
    assert problem.startswith(f"{lost}: ValueError: no way. The release is published")
    assert files["report.txt"] == f"{whole['report.txt']}\nNot written\n  {problem}\n"


def test_a_report_that_fails_still_names_the_release_and_the_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(release_files, "render", _broken)
    monkeypatch.setattr(release_files, "to_sarif", _broken)
    files, problems = report_files(RELEASE, MADE, tag="v1", new=True)
    assert [problem.partition(":")[0] for problem in problems] == ["verdicts.sarif", "report.txt"]
    assert files["report.txt"].splitlines() == [
        f"Release of {RELEASE.commit}",
        "tagged v1",
        "",
        "Not written",
        *(f"  {problem}" for problem in problems),
    ]


def test_what_utf_8_cannot_carry_is_a_problem_of_its_own_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(release_files, "render_page", lambda *_, **__: "\ud800")
    files, problems = report_files(RELEASE, MADE, tag="v1", new=True)
    assert set(files) == ALL - {"report.html"}
    assert "UnicodeEncodeError" in problems[0]


def test_a_release_of_no_artifacts_has_a_report() -> None:
    assert "Made\n" in render(RELEASE, [], tag="v1", new=True)


def _broken(*_: object, **__: object) -> NoReturn:
    raise ValueError("no\nway")
