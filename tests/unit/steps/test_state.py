"""The state in a database, by the statements that go there; the database itself is for the tests with an engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from slipway.attestations.plan_facts import State
from slipway.errors import DataError
from slipway.steps import state as states


class Database:
    """Answers the statements that hold a text, and keeps all of them."""

    def __init__(self, answers: Mapping[str, Any] | None = None) -> None:
        self.answers = answers or {}
        self.statements: list[str] = []

    def execute(self, statement: Any, values: Any = None) -> Any:
        """A row, a count of rows, or an error."""
        del values
        text = statement if isinstance(statement, str) else statement.as_string(None)
        self.statements.append(text)
        answer = next((each for part, each in self.answers.items() if part in text), None)
        if isinstance(answer, Exception):
            raise answer
        rows = answer if isinstance(answer, int) else 1
        return SimpleNamespace(fetchone=lambda: answer, rowcount=rows)


def test_a_state_is_known_by_its_database_schema_and_workspace() -> None:
    database = Database({"system_identifier": ("7", "slipway")})
    assert states.read(database, "x-1", "default") == State(backend="pg:7/slipway/x-1/default")


def test_a_state_says_where_it_stands() -> None:
    database = Database(
        {
            "system_identifier": ("7", "slipway"),
            "pg_tables": (1,),
            "data FROM": (json.dumps({"lineage": "l", "serial": 4}),),
        }
    )
    found = states.read(database, "x-1", "default")
    assert (found.lineage, found.serial) == ("l", 4)


def test_a_plan_is_written_down_before_it_is_applied_and_only_one_time() -> None:
    states.consume(Database(), "sha256:1")
    again = Database({"INSERT INTO": 0, "at::text": ("2026-11-24", None)})
    with pytest.raises(DataError, match=r"applied already, on 2026-11-24 .it never came to an end"):
        states.consume(again, "sha256:1")


def test_a_lock_is_given_back_whatever_happens() -> None:
    database = Database()
    with pytest.raises(ZeroDivisionError), states.alone(database, "x-1", "default"):
        raise ZeroDivisionError
    assert "pg_advisory_unlock" in database.statements[-1]


def test_another_apply_that_takes_too_long_is_an_error() -> None:
    database = Database({"pg_advisory_lock(": psycopg.errors.LockNotAvailable()})
    with pytest.raises(DataError, match="another apply"), states.alone(database, "x-1", "default"):
        raise AssertionError
