"""The state of infrastructure in PostgreSQL: which database, where the state stands, which plans are consumed.

    python -m slipway.steps.state --schema NAME [--workspace NAME]

Prints JSON: backend, lineage, serial. The connection is in PG_CONN_STR, as the `pg` backend reads it. The backend's
table: OpenTofu and Terraform, internal/backend/remote-state/pg (table states in a schema that the stack names).
"""

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from ..attestations.plan_facts import State
from ..errors import DataError, SlipwayError

VARIABLE: Final = "PG_CONN_STR"
# A database that is just starting refuses connections for a moment.
_STARTING: Final = 30
# How long one apply waits for another.
PATIENCE: Final = "120s"
_APPLIES: Final = 0x51A9


@contextmanager
def connected() -> Iterator[Any]:
    """A connection whose statements are each their own transaction; a DataError where there is none."""
    import psycopg

    began = time.monotonic()
    while True:
        try:
            connection = psycopg.connect(os.environ[VARIABLE], autocommit=True, connect_timeout=5)
        except psycopg.OperationalError as error:
            if time.monotonic() - began > _STARTING:
                raise DataError(
                    f"the state's database does not answer: {str(error).splitlines()[0]}",
                    where="--state-backend",
                    remedy="Check that it is running and in reach of the engine",
                ) from None
            time.sleep(0.1)
            continue
        break
    with connection:
        yield connection


def read(connection: Any, schema: str, workspace: str) -> State:
    """Where the state of a workspace stands."""
    from psycopg import sql

    system, database = connection.execute(
        "SELECT system_identifier::text, current_database() FROM pg_control_system()"
    ).fetchone()
    backend = f"pg:{system}/{database}/{schema}/{workspace}"
    there = connection.execute(
        "SELECT 1 FROM pg_tables WHERE schemaname = %s AND tablename = 'states'", [schema]
    ).fetchone()
    row = None
    if there is not None:
        query = sql.SQL("SELECT data FROM {} WHERE name = %s")
        table = sql.Identifier(schema, "states")
        row = connection.execute(query.format(table), [workspace]).fetchone()
    if row is None:
        return State(backend=backend)
    content = json.loads(row[0])
    return State(backend=backend, lineage=content["lineage"], serial=content["serial"])


@contextmanager
def alone(connection: Any, schema: str, workspace: str) -> Iterator[None]:
    """While no other apply looks at the state of a workspace or changes it; a DataError where one takes too long.

    The tools' own lock comes after they were asked whether a plan is stale, and of a first plan they do not ask at all:
    of two first plans at once, both would be applied, and the later one would forget what the earlier one made.
    """
    import psycopg

    key = int.from_bytes(
        hashlib.sha256(f"{schema}/{workspace}".encode()).digest()[:4], "big", signed=True
    )
    connection.execute(f"SET lock_timeout = '{PATIENCE}'")
    try:
        # Of two numbers: the `pg` backend's own locks are of one.
        connection.execute("SELECT pg_advisory_lock(%s, %s)", [_APPLIES, key])  # refusal 11g
    except psycopg.errors.LockNotAvailable:
        raise DataError(
            f"another apply is at it, and was not done within {PATIENCE}", where=schema
        ) from None
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s, %s)", [_APPLIES, key])


def consume(connection: Any, digest: str) -> None:
    """Write a plan down as consumed, before anything of it is applied; a DataError where it was before.

    One statement decides: of two at once, one writes the row.
    """
    connection.execute("CREATE SCHEMA IF NOT EXISTS slipway")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS slipway.spent"
        " (plan text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), ended text)"
    )
    written = connection.execute(
        "INSERT INTO slipway.spent (plan) VALUES (%s) ON CONFLICT DO NOTHING", [digest]
    ).rowcount
    if not written:  # refusal 11f
        at, ended = connection.execute(
            "SELECT at::text, ended FROM slipway.spent WHERE plan = %s", [digest]
        ).fetchone()
        raise DataError(
            f"this plan was applied already, on {at} ({ended or 'it never came to an end'})",
            where=digest,
            remedy="Plan again: what it would do now may be another thing",
        )


def end(connection: Any, digest: str, how: str) -> None:
    """Write down how the apply of a plan ended."""
    connection.execute("UPDATE slipway.spent SET ended = %s WHERE plan = %s", [how, digest])


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this program; see the text of the module."""
    parser = argparse.ArgumentParser(prog="state", description=__doc__)
    parser.add_argument("--schema", required=True)
    parser.add_argument("--workspace", default="default")
    options = parser.parse_args(arguments)
    try:
        with connected() as connection:
            print(json.dumps(read(connection, options.schema, options.workspace).to_dict()))
    except SlipwayError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
