"""The report's page as text: well formed, whole, and safe whatever a name says."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slipway.errors import DataError
from slipway.formats.timings import StageTime
from slipway.report.page import render, render_record
from slipway.verdicts.verdict import Finding, Severity, Status, Verdict

from .test_text import REFERENCE, RELEASE

VOID = {"meta"}


class Reader(HTMLParser):
    """Reads a page; fails where tags do not close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def stage(name: str, start: float, seconds: float, *after: str) -> StageTime:
    return StageTime(name=name, started=start, seconds=seconds, cached=not seconds, after=after)


def test_everything_is_on_the_page() -> None:
    failed = Verdict(
        gate="sast",
        status=Status.FAILED,
        summary="1 finding",
        tool="bandit",
        findings=(Finding(id="B101", severity=Severity.LOW, title="assert", where="a.py:3"),),
    )
    release = replace(
        RELEASE,
        dirty=True,
        allowed=("allow-dirty",),
        release=REFERENCE,
        verdicts=(*RELEASE.verdicts, failed),
        tools={"trivy": "docker.io/aquasec/trivy"},
    )
    text = " ".join(Reader(render(release, sizes={"model": "1.2 kB"}, notes=["tagged v1"])).text)
    for part in (
        "a" * 40, "changes that no commit holds", "--allow-dirty was given", "1.2 kB", "tagged v1",
        REFERENCE.pinned, "9 tests passed", "NOT EVALUATED", "osv: not evaluated", "FAILED",
        "B101", "a.py:3", "docker.io/aquasec/trivy", "train", "2.00 s",
    ):  # fmt: skip
        assert part in text, part


@settings(max_examples=20)
@given(st.text(min_size=1), st.text(min_size=1, max_size=50))
def test_no_text_of_the_data_becomes_a_tag(name: str, summary: str) -> None:
    verdict = Verdict(gate=name, status=Status.FAILED, summary=summary, tool=name)
    release = replace(RELEASE, verdicts=(verdict,), stages=(stage(name, 0, 1),))
    known = [tag for tag, _ in Reader(render(replace(release, verdicts=(), stages=()))).tags]
    tags = {tag for tag, _ in Reader(render(release)).tags} - set(known)
    assert tags <= {"table", "thead", "tbody", "tr", "th", "td", "div", "span", "code"}


def test_nothing_is_loaded_and_nothing_runs() -> None:
    page = render(RELEASE)
    reader = Reader(page)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in reader.tags}
    assert not [name for _, attrs in reader.tags for name in attrs if name in ("src", "href")]
    assert not any(name.startswith("on") for _, attrs in reader.tags for name in attrs)
    assert "url(" not in page
    (policy,) = [attrs["content"] for _, attrs in reader.tags if "http-equiv" in attrs]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_bars_stand_where_their_stages_were() -> None:
    stages = (stage("a", 100, 5), stage("b", 105, 15, "a"), stage("c", 101, 1), stage("d", 120, 0))
    page = render(replace(RELEASE, stages=stages))
    bars = [attrs["style"] for _, attrs in Reader(page).tags if attrs.get("class") == "bar"]
    assert bars == [
        "left:0.00%;width:25.00%",
        "left:5.00%;width:5.00%",
        "left:25.00%;width:75.00%",
        "right:0;",
    ]
    rows = [
        (attrs["class"], attrs["title"])
        for _, attrs in Reader(page).tags
        if attrs.get("role") == "row"
    ]
    assert rows[0] == ("row critical", "a: began at 0.00 s, took 5.00 s")
    assert rows[1] == ("row ", "c: began at 1.00 s, took 1.00 s")
    assert rows[2] == ("row critical", "b: began at 5.00 s, took 15.00 s, waited for a")
    assert "20.0 s in all. 20.0 s of them on the critical path: a → b" in unescape(page)


@pytest.mark.parametrize("seconds", [0.0, 0.004, 0.7, 59, 61, 3600, 90_000])
def test_the_axis_has_a_few_round_marks(seconds: float) -> None:
    page = render(replace(RELEASE, stages=(stage("a", 0, seconds),)))
    marks = [float(mark) for mark in re.findall(r'%">([\d.e-]+) s</span>', page)]
    assert 1 <= len(marks) <= 26
    assert marks == sorted(marks)
    assert marks[0] == 0


def test_the_same_release_gives_the_same_bytes_from_its_record_too() -> None:
    release = replace(RELEASE, release=REFERENCE)
    assert render(release) == render(release) == render_record(release.report())


def test_a_release_without_stages() -> None:
    assert "no stage was timed" in render(replace(RELEASE, stages=(), verdicts=()))


@pytest.mark.parametrize("text", ["", "[]", '{"version": 1}'])
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(DataError):
        render_record(text)
