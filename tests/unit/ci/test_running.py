"""Command lines, addresses, and what a person reads when several things fail."""

from __future__ import annotations

import anyio
import pytest
from dagger import ExecError, QueryError
from dagger._exceptions import QueryErrorValue
from dagger.mod._exceptions import FunctionError
from gql import GraphQLRequest
from slipway.domain.statements import PROVENANCE, SBOM
from slipway.errors import (
    ConfigError,
    DataError,
    InvalidReference,
    StageFailed,
    TagConflict,
    flatten,
)
from slipway.registry import ALIAS, Registry, registry_of
from slipway.signing import SERVICES, Key, Trust, attest_command, sign_commands, verify_commands
from slipway.stage import Job, Journal, Stage, side_by_side
from slipway.telling import UserError, telling

PINNED = f"localhost:5050/screening/image@sha256:{'a' * 64}"


def test_nothing_is_sent_to_anybody_when_signing() -> None:
    (sign,) = sign_commands(Key(), PINNED)
    attest = attest_command(Key(), PINNED, SBOM, "/p.json")
    for command in (sign, attest):
        assert command[0] == "cosign"
        assert command[-1] == PINNED
        assert set(SERVICES) <= set(command)
        assert command[command.index("--key") + 1] == Key().path
    assert attest[attest.index("--predicate") + 1] == "/p.json"


def test_signature_and_every_kind_are_asked_for_when_verifying() -> None:
    commands = verify_commands(Trust(pem="PEM"), PINNED, (SBOM, PROVENANCE))
    assert [command[1] for command in commands] == [
        "verify", "verify-attestation", "verify-attestation",
    ]  # fmt: skip
    assert [command[command.index("--type") + 1] for command in commands[1:]] == [
        "cyclonedx", "slsaprovenance1",
    ]  # fmt: skip
    assert all("--key" in command and command[-1] == PINNED for command in commands)


def test_a_key_without_a_password_asks_for_none() -> None:
    assert Key().handed == ()


def registry(service: bool, address: str = "localhost:5050/team") -> Registry:
    """A registry, with a stand-in where a service of the engine would be: only its presence counts."""
    return Registry(address=address, service=object() if service else None)  # type: ignore[arg-type]


def test_a_step_reaches_a_service_under_its_alias_with_the_same_port_and_path() -> None:
    one = registry(service=True)
    assert one.inside("localhost:5050/team/a@sha256:x") == f"{ALIAS}:5050/team/a@sha256:x"
    assert one.inside("localhost:5050") == f"{ALIAS}:5050"
    assert one.inside("localhost/team") == f"{ALIAS}/team"
    assert one.host == "localhost:5050"
    assert one.repository("screening", "model") == "localhost:5050/team/screening/model"


def test_a_step_writes_a_real_registry_as_a_person_does() -> None:
    text = "registry.example.com/team/a@sha256:x"
    assert registry(service=False).inside(text) == text


def test_a_reference_elsewhere_is_not_looked_for_in_the_embedded_registry() -> None:
    embedded = registry(service=True, address="localhost:5050")
    assert registry_of(PINNED, embedded) is embedded
    other = registry_of(PINNED.replace("localhost:5050", "registry.example.com"), embedded)
    assert other.service is None
    assert other.address == "registry.example.com"
    with pytest.raises(InvalidReference):
        registry_of("not a reference", embedded)


def failing(error: Exception) -> Job:
    """A job that fails."""

    async def job() -> None:
        raise error

    return job


def test_jobs_go_on_when_a_sibling_fails_and_all_failures_are_kept() -> None:
    done: list[str] = []

    async def slow() -> None:
        await anyio.sleep(0.02)
        done.append("slow")

    group = ExceptionGroup("inner", [DataError("third")])
    jobs = [failing(ConfigError("first")), slow, failing(DataError("second")), failing(group)]
    with pytest.raises(ExceptionGroup) as caught:
        anyio.run(side_by_side, *jobs)
    assert done == ["slow"]
    assert {str(leaf) for leaf in flatten(caught.value)} == {"first.", "second.", "third."}


def test_jobs_run_at_once() -> None:
    async def meet() -> None:
        first, second = anyio.Event(), anyio.Event()

        async def one() -> None:
            first.set()
            await second.wait()

        async def two() -> None:
            second.set()
            await first.wait()

        with anyio.fail_after(5):
            await side_by_side(one, two)

    anyio.run(meet)


def test_a_person_reads_all_failures_in_one_message_without_a_stack() -> None:
    with pytest.raises(FunctionError) as caught, telling():
        raise ExceptionGroup("x", [ConfigError("one thing"), DataError("another")])
    assert str(caught.value) == "2 things failed:\n1. one thing.\n2. another."
    assert caught.value.__cause__ is None


def test_a_call_exits_with_the_code_of_the_error() -> None:
    with pytest.raises(UserError) as caught, telling():
        raise TagConflict("the tag v1 exists", where="registry", remedy="Choose another")
    error = caught.value
    assert str(error) == "the tag v1 exists (registry). Choose another."
    assert error.code == TagConflict.code
    # The SDK sends exactly these to the engine, and `dagger call` prints what stdout and stderr hold.
    assert error.error.extensions == {
        "_type": "EXEC_ERROR",
        "exitCode": TagConflict.code,
        "cmd": [],
        "stdout": "",
        "stderr": "",
    }
    assert isinstance(error, FunctionError), "the SDK prints the stack of all others"


def test_several_failures_exit_with_the_lowest_code() -> None:
    for errors in ([TagConflict("a"), ConfigError("b")], [ConfigError("b"), TagConflict("a")]):
        with pytest.raises(UserError) as caught, telling():
            raise ExceptionGroup("x", errors)
        assert caught.value.code == ConfigError.code


@pytest.mark.parametrize("together", [False, True])
def test_a_command_that_failed_outside_of_a_stage_counts_as_one(together: bool) -> None:
    marks = {
        "_type": "EXEC_ERROR",
        "cmd": ["tar", "x"],
        "exitCode": 9,
        "stdout": "",
        "stderr": "no",
    }
    failed = QueryError([QueryErrorValue("x", extensions=marks)], GraphQLRequest("{ id }"))
    assert isinstance(failed, ExecError)
    with pytest.raises(UserError) as caught, telling():
        raise ExceptionGroup("x", [failed]) if together else failed
    assert str(caught.value) == "tar x ended with exit code 9:\n  no"
    assert caught.value.code == StageFailed.code


def test_what_nobody_foresaw_keeps_its_own_type() -> None:
    with pytest.raises(ZeroDivisionError), telling():
        raise ExceptionGroup("x", [ConfigError("one"), ZeroDivisionError("bug")])


def test_a_stage_that_started_before_the_run_was_cached() -> None:
    journal = Journal(began=100.0)
    journal.note("old", started=99.0, seconds=3)
    journal.note("new", started=100.5, seconds=3, after=("old",))
    assert [(one.name, one.cached) for one in journal.times] == [("old", True), ("new", False)]


def test_a_stage_names_the_command_that_opens_a_shell_in_it() -> None:
    stage = Stage(name="train", container=None, argv=("x",))  # type: ignore[arg-type]
    assert stage.ask == "dagger call debug --stage train terminal"
