"""The report's page in headless Chromium: everything is where it should be, nothing runs, nothing is loaded."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from slipway.attestations.release import Release
from slipway.formats.timings import StageTime
from slipway.oci.digests import Digest, Reference
from slipway.report.page import render
from slipway.verdicts.verdict import Finding, Severity, Status, Verdict

from engine.doctor import install_packages
from engine.errors import EngineError

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=\"document.title='ran'\">"
WIDTHS = (380, 1280)
REFERENCE = Reference.parse("localhost:5050/screening/image").with_digest(Digest.of(b""))
STAGES = tuple(
    StageTime(name=name, started=1000 + start, seconds=seconds, cached=not seconds, after=after)
    for name, start, seconds, after in (
        ("unit-tests", 0.5, 31.0, ()),
        ("train", 0.7, 0.0, ()),
        ("a-stage-with-a-name-that-is-too-long-for-any-column", 1.0, 4.2, ("train",)),
        (HOSTILE, 6.0, 12.5, ()),
        ("publish-image", 31.6, 3.5, ("unit-tests",)),
        ("tag", 35.2, 0.0, ("publish-image",)),
    )
)
RELEASE = Release(
    commit="a" * 40,
    dirty=True,
    allowed=("allow-dirty",),
    model=REFERENCE,
    image=REFERENCE,
    plan=REFERENCE,
    release=REFERENCE,
    verdicts=(
        Verdict(gate="unit-tests", status=Status.PASSED, summary="181 tests passed", tool="pytest"),
        Verdict(gate="osv", status=Status.NOT_EVALUATED, summary="no data " * 20, tool=HOSTILE),
        Verdict(
            gate="sast",
            status=Status.FAILED,
            summary="1 finding",
            findings=(Finding(id=HOSTILE, severity=Severity.HIGH, title="x" * 200),),
        ),
    ),
    stages=STAGES,
    tools={"python": str(REFERENCE)},
)
MEASURE = """<!doctype html><meta charset="utf-8"><pre id="out"></pre>WINDOWS
<script>
const box = (element) => { const r = element.getBoundingClientRect(); return [r.left, r.right, r.width, r.height]; };
window.onload = () => {
  document.getElementById("out").textContent = JSON.stringify([...document.querySelectorAll("iframe")].map((frame) => {
    const page = frame.contentDocument, root = page.scrollingElement;
    return { title: page.title, overflow: root.scrollWidth - root.clientWidth,
      ground: getComputedStyle(page.body).backgroundColor, ink: getComputedStyle(page.body).color,
      loaded: frame.contentWindow.performance.getEntriesByType("resource").length,
      images: page.images.length, scripts: page.scripts.length,
      rows: [...page.querySelectorAll(".timeline [role=row][title]")].map((row) => ({
        title: row.title, bar: box(row.querySelector(".bar")), track: box(row.querySelector(".track")),
        text: row.innerText })) };
  }));
};
</script>"""


@pytest.fixture(scope="module")
def browser() -> str:
    """Chromium, out of Debian's package where there is none."""
    if shutil.which("chromium") is None:
        if os.getuid() != 0:
            pytest.skip("NOT CHECKED: no browser. apt-get install chromium, then again")
        try:
            install_packages(["chromium"])
        except EngineError as error:
            pytest.skip(f"NOT CHECKED: no browser. {error}")
    return "chromium"


def measured(browser: str, folder: Path, scheme: str, page: str) -> list[dict[str, Any]]:
    """What the browser makes of the page at each width."""
    folder.joinpath("page.html").write_text(page)
    frames = "".join(
        f'<iframe src="page.html" width="{width}" height="900"></iframe>' for width in WIDTHS
    )
    folder.joinpath("measure.html").write_text(MEASURE.replace("WINDOWS", frames))
    command = [
        browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--dump-dom",
        f"--user-data-dir={folder / 'profile'}", "--allow-file-access-from-files",
        "--window-size=1400,2000", "--virtual-time-budget=5000",
        f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}",
        f"file://{folder / 'measure.html'}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    found = re.search(r'<pre id="out">(.+?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    result: list[dict[str, Any]] = json.loads(unescape(found[1]))
    return result


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_in_a_browser(browser: str, scheme: str, tmp_path: Path) -> None:
    grounds = []
    for seen in measured(browser, tmp_path, scheme, render(RELEASE, sizes={"model": "178.7 kB"})):
        assert seen["overflow"] <= 0, "the page scrolls sideways"
        assert seen["title"].startswith("Release of "), "a name out of the data ran as a script"
        assert (seen["loaded"], seen["images"], seen["scripts"]) == (0, 0, 0)
        assert seen["ink"] != seen["ground"]
        grounds.append(seen["ground"])
        names = [row["title"].partition(":")[0] for row in seen["rows"]]
        assert sorted(names) == sorted(stage.name.partition(":")[0] for stage in STAGES)
        for row in seen["rows"]:
            left, right, width, height = row["bar"]
            assert width >= 2, row
            assert height >= 5, row
            assert left >= row["track"][0] - 1, row
            assert right <= row["track"][1] + 9, row
    dark = [sum(map(int, re.findall(r"\d+", ground)[:3])) < 200 for ground in grounds]
    assert dark == [scheme == "dark"] * len(WIDTHS)


def test_bars_are_as_long_as_their_stages(browser: str, tmp_path: Path) -> None:
    wide = measured(browser, tmp_path, "light", render(RELEASE))[1]
    rows = {row["title"].partition(":")[0]: row for row in wide["rows"]}
    whole = 35.2 - 0.5
    for name, start, seconds in (("unit-tests", 0.0, 31.0), ("publish-image", 31.1, 3.5)):
        left, _, width, _ = rows[name]["bar"]
        track = rows[name]["track"]
        # The track's borders are a pixel each.
        assert width == pytest.approx(seconds / whole * (track[2] - 2), abs=1.5)
        assert left - track[0] - 1 == pytest.approx(start / whole * (track[2] - 2), abs=1.5)
    assert "critical" in rows["publish-image"]["text"]
    assert "cached" in rows["train"]["text"]
