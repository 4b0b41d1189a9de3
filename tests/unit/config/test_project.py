"""slipway.yaml: a good one is read whole, a bad one gets every problem told with its line."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from slipway.config import project as config
from slipway.errors import ConfigError
from slipway.verdicts.verdict import Severity, WhenNotEvaluated

ENGINES = ("opentofu", "terraform")
GOOD = """\
version: 1
name: screening
service:
  folder: service
  package: screening
  port: 8081
  ready: /ready
  predict: /v1/predict
model:
  data: data/rows.csv
  schema: service/schema.json
  metric: roc_auc
  threshold: 0.97
  champion-tolerance: 0.005
infrastructure:
  engine: terraform
  stack: terraform/stacks/local
gates:
  vulnerabilities: critical
  not-evaluated: allow
  ignore:
    - {id: CVE-2026-1, reason: not reachable, expires: 2026-12-31}
environments: [staging, production]
"""
SMALL = """\
version: 1
name: a
service: {folder: s, package: p}
model: {schema: s.json, metric: rmse_negative, threshold: -3}
infrastructure: {stack: t}
"""


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config.parse(text, ENGINES)
    return str(caught.value)


def test_a_whole_file_is_read() -> None:
    project = config.parse(GOOD, ENGINES)
    assert project.service == config.Service(
        folder="service", package="screening", port=8081, ready="/ready", predict="/v1/predict"
    )
    assert project.model == config.Model(
        data="data/rows.csv",
        schema="service/schema.json",
        metric="roc_auc",
        threshold=0.97,
        champion_tolerance=0.005,
    )
    assert project.infrastructure.engine == "terraform"
    assert project.gates.vulnerabilities is Severity.CRITICAL
    assert project.gates.not_evaluated is WhenNotEvaluated.ALLOW
    (waiver,) = project.gates.ignore
    assert (waiver.id, waiver.expires) == ("CVE-2026-1", dt.date(2026, 12, 31))
    assert project.environments == ("staging", "production")


def test_what_may_be_left_out_has_defaults_that_fail_closed() -> None:
    project = config.parse(SMALL, ENGINES)
    assert project.service.port == 8080
    assert (project.service.ready, project.service.predict) == ("/readyz", "/predict")
    assert project.model.data is None
    assert project.model.threshold == -3.0
    assert project.model.champion_tolerance is None
    assert project.infrastructure.engine == "opentofu"
    assert project.gates == config.Gates()
    assert project.gates.not_evaluated is WhenNotEvaluated.FAIL
    assert project.environments == ()


EMPTY = ["gates:", "gates: {ignore: }", "environments:\n", "gates: ~"]


@pytest.mark.parametrize("empty", EMPTY)
def test_a_key_without_a_value_is_as_if_left_out(empty: str) -> None:
    assert config.parse(f"{SMALL}{empty}\n", ENGINES) == config.parse(SMALL, ENGINES)


MISTAKES = [
    ("version: 1", "version: 2", "version is the number 2, expected 1 (slipway.yaml:1:10)"),
    (
        "name: screening",
        "name: Screening",
        "name is the text 'Screening', expected a DNS label",
    ),
    ("name: screening", "name: 12", "name is the number 12, expected text; put it in quotes"),
    ("name: screening", "name:", "name is empty, expected text"),
    (
        "champion-tolerance: 0.005",
        "champion-tolerance: -0.1",
        "model.champion-tolerance is the number -0.1, expected a number from 0 to 1",
    ),
    (
        "champion-tolerance: 0.005",
        "champion-tolerance: yes",
        "model.champion-tolerance is the truth value yes, expected a number from 0 to 1",
    ),
    ("name: screening", "name: yes", "name is the truth value yes, expected text"),
    (
        "  folder: service",
        "  foldr: service",
        "service.foldr is not a known key; did you mean folder?",
    ),
    ("  folder: service", "  xyzzy: 1", "known are folder, package, port, ready, predict"),
    (
        "folder: service",
        "folder: /etc",
        "service.folder is the text '/etc', expected a path rel",
    ),
    ("folder: service", "folder: a/../../b", "expected a path without `..`"),
    ("folder: service", "folder: -rf", "expected a path with / between its parts"),
    ("folder: service", "folder: ~/x", "expected a path with /"),
    ("folder: service", "folder: C:x", "expected a path relative"),
    ("folder: service", "folder: [a]", "service.folder is a list, expected text"),
    ("package: screening", "package: my-pkg", "the name of a Python package"),
    ("package: screening", "package: a.class", "the name of a Python package"),
    (
        "port: 8081",
        "port: 0",
        "service.port is the number 0, expected a whole number from 1 to 65535",
    ),
    ("port: 8081", "port: 0x1F", "expected a whole number"),
    ("port: 8081", "port: 80.5", "service.port is the number 80.5, expected a whole number"),
    ("port: 8081", "port: '8081'", "service.port is the text '8081'"),
    ("port: 8081", "port: 1" + "0" * 5000, "expected a whole number"),
    ("ready: /ready", "ready: ready", "expected a path such as /readyz"),
    (
        "threshold: 0.97",
        "threshold: 97",
        "model.threshold is the number 97, expected a number from 0",
    ),
    ("threshold: 0.97", "threshold: .nan", "model.threshold is the number .nan"),
    (
        "threshold: 0.97",
        "threshold: high",
        "model.threshold is the text 'high', expected a number",
    ),
    ("metric: roc_auc", "metric: ROC", "a name such as roc_auc"),
    ("metric: roc_auc", "metric:", "model.metric is empty"),
    ("engine: terraform", "engine: terrafrom", "did you mean terraform?"),
    (
        "vulnerabilities: critical",
        "vulnerabilities: none",
        "one of low, medium, high, critical",
    ),
    ("not-evaluated: allow", "not_evaluated: allow", "did you mean not-evaluated?"),
    ("id: CVE-2026-1", "id: 'a b'", "gates.ignore[0].id is the text 'a b', expected the id"),
    ("reason: not reachable", "reason: ' '", "expected a sentence that says why"),
    ("expires: 2026-12-31", "expires: soon", "expected a date such as 2026-12-31"),
    ("expires: 2026-12-31", "expires: 2026-02-30", "expected a date such as 2026-12-31"),
    (", expires: 2026-12-31", "", "gates.ignore[0].expires is missing"),
    ("[staging, production]", "staging", "environments is the text 'staging', expected a list"),
    ("[staging, production]", "[staging, 1]", "environments[1] is the number 1, expected text"),
    ("gates:", "gates: 7\nx:", "gates is the number 7, expected a section with the keys"),
    ("version: 1", "version: 1\n? [a]\n: 1", "the file has a list as a key"),
    ("version: 1", "version: 1\n<<: {a: 1}", "as a key"),
    ("version: 1", "version: 1\nversion: 1", "version stands there twice"),
]


@pytest.mark.parametrize(("old", "new", "expected"), MISTAKES)
def test_each_mistake_is_told(old: str, new: str, expected: str) -> None:
    assert GOOD.count(old) >= 1
    told = problem(GOOD.replace(old, new, 1))
    assert expected in told
    assert "slipway.yaml:" in told


def test_a_missing_section_is_one_problem_not_one_a_key() -> None:
    told = problem(SMALL.replace("infrastructure: {stack: t}", ""))
    assert told.startswith("infrastructure is missing, expected a section")


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    told = problem("version: 3\nname: []\nmodel: {metric: roc_auc}\nnot: 1\n")
    lines = told.splitlines()
    assert lines[0] == "slipway.yaml has 7 problems:"
    assert [line.split(":")[1] for line in lines[1:]] == sorted(
        line.split(":")[1] for line in lines[1:]
    )
    assert "model.schema is missing" in told
    assert "model.threshold is missing" in told


def test_a_finding_is_waived_once() -> None:
    twice = "    - {id: CVE-2026-1, reason: again, expires: 2026-12-31}\nenvironments"
    assert "CVE-2026-1 is waived twice" in problem(GOOD.replace("environments", twice))


def test_a_waiver_is_a_section() -> None:
    told = problem(GOOD.replace("environments", "    - CVE-2026-2\nenvironments"))
    assert "gates.ignore[1] is the text 'CVE-2026-2', expected a section with the keys id" in told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the file is empty (slipway.yaml). Begin it with `version: 1`"),
        ("- 1", "the file is not a list of keys and values"),
        ("name: [", "this is not YAML"),
        ("a: 1\n b: 2", "(slipway.yaml:2:3)"),
        ("\x00", "this is not YAML"),
        ("a: &x [1]\nb: *x", "anchors and aliases are not read (slipway.yaml:1:4)"),
        ("a: !!python/object/apply:os.system [id]", "the tag 'tag:yaml.org,2002:python/"),
        ("a: !mine 1", "the tag '!mine' is not read"),
        ("a: " + "[" * 100, "the values nest too deep"),
        ("a: 1\n---\nb: 1", "this is not YAML"),
        ("#" * 70_000, "the file is over 64 KiB"),
    ],
)
def test_what_is_no_plain_yaml_is_refused(text: str, expected: str) -> None:
    assert expected in problem(text)


@given(st.text(max_size=200) | st.text(alphabet="ab:-[]{}&*!|>\n '\"#%@,?1.\t", max_size=120))
@example("a: " + "{" * 5000)
@example("\ud800")
@example("? " * 500)
def test_any_text_is_a_project_or_a_config_error(text: str) -> None:
    with pytest.raises(ConfigError):
        config.parse(text, ENGINES)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=4,
)


@given(st.sampled_from(GOOD.splitlines()), VALUES)
def test_any_value_under_a_known_key_is_read_or_told(line: str, value: object) -> None:
    key, colon, _ = line.partition(": ")
    text = GOOD.replace(line, f"{key}{colon or ': '}{value!r}", 1)
    try:
        project = config.parse(text, ENGINES)
    except ConfigError:
        return
    assert project.name
