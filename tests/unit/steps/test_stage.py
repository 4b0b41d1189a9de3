"""inside.stage, inside.sequence and inside.tee: they run programs and write down how it went."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from slipway.steps import sequence, stage, tee

PYTHON = sys.executable


def record(out: Path) -> dict[str, object]:
    """What the stage program left."""
    facts: dict[str, object] = json.loads((out / "stage.json").read_text())
    return facts


def run_stage(out: Path, *words: str, options: tuple[str, ...] = ()) -> int:
    """Run the stage program."""
    return stage.main(["--name", "x", "--out", str(out), *options, "--", *words])


def test_a_step_leaves_its_output_times_and_exit_code(tmp_path: Path) -> None:
    before = time.time()
    code = run_stage(
        tmp_path / "o", PYTHON, "-c", "import sys; print('a'); print('b', file=sys.stderr)"
    )
    facts = record(tmp_path / "o")
    assert code == facts["exit_code"] == 0
    assert (tmp_path / "o/stdout").read_text() == "a\n"
    assert (tmp_path / "o/stderr").read_text() == "b\n"
    started, seconds = facts["started"], facts["seconds"]
    assert isinstance(started, float)
    assert isinstance(seconds, float)
    assert before <= started <= time.time()
    assert 0 < seconds < 60


@pytest.mark.parametrize(
    ("exits", "accept", "answer"),
    [(3, "0,3", 0), (3, "0", 3), (0, "0,3", 0), (1, "3", 1), (0, "3", 0), (130, "0", 1)],
)
def test_accepted_codes_are_answers_and_others_crashes(
    tmp_path: Path, exits: int, accept: str, answer: int
) -> None:
    code = run_stage(
        tmp_path, PYTHON, "-c", f"raise SystemExit({exits})", options=("--accept", accept)
    )
    assert record(tmp_path)["exit_code"] == exits
    # A step that ends with 0 has nothing to be asked again for, whatever is accepted.
    assert code == answer or (exits == 0 and accept == "3")


def test_a_step_that_hangs_is_stopped_and_says_so(tmp_path: Path) -> None:
    code = run_stage(tmp_path, "sleep", "30", options=("--timeout", "0.2"))
    assert code == 124
    assert "no end after 0.2 s: stopped" in (tmp_path / "stderr").read_text()


def test_a_step_killed_by_a_signal_is_a_crash(tmp_path: Path) -> None:
    code = run_stage(tmp_path, PYTHON, "-c", "import os; os.kill(os.getpid(), 9)")
    assert code == 1
    assert record(tmp_path)["exit_code"] == -signal.SIGKILL


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert run_stage(tmp_path, "no-such-program") == 1
    assert "no-such-program does not start" in (tmp_path / "stderr").read_text()


def test_what_the_step_printed_is_shown_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_stage(tmp_path, PYTHON, "-c", "print('y' * 30_000)")
    shown = capsys.readouterr().out
    assert 0 < shown.count("y") <= 20_000


def test_a_step_reads_nothing_from_the_terminal(tmp_path: Path) -> None:
    assert (
        run_stage(tmp_path, PYTHON, "-c", "import sys; raise SystemExit(len(sys.stdin.read()))")
        == 0
    )


def recorded_versions(out: Path, *names: str) -> object:
    """The versions in the record of a step that asks for those of `names`."""
    options = tuple(word for name in names for word in ("--version-of", name))
    assert run_stage(out, "true", options=options) == 0
    return record(out)["versions"]


def program(folder: Path, name: str, script: str) -> Path:
    """A shell script of that name."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_record_names_the_versions_of_packages_and_programs(tmp_path: Path) -> None:
    tool = program(tmp_path, "trivy", "echo Version: 0.74.0; echo DB of 2026.11")
    asked = recorded_versions(tmp_path, "package:pytest", f"command:{tool} --version")
    assert asked == {"pytest": pytest.__version__, "trivy": "0.74.0"}
    assert recorded_versions(tmp_path) == {}


@pytest.mark.parametrize(
    ("script", "version"),
    [
        ("echo osv-scanner version: 2.2.4", "2.2.4"),
        ("echo v1.12.6-rc1", "1.12.6"),
        ("echo 3.1 >&2", "3.1"),
        ("echo none here, not even 7", ""),
        ("echo 1.2.3; exit 2", ""),
        ("sleep 30", ""),
    ],
)
def test_a_programs_version_is_the_first_that_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, version: str
) -> None:
    monkeypatch.setattr(stage, "VERSION_SECONDS", 0.5)
    tool = program(tmp_path, "tool", script)
    assert recorded_versions(tmp_path, f"command:{tool}") == {"tool": version}


def test_a_version_that_cannot_be_had_is_empty_and_no_failure(tmp_path: Path) -> None:
    asked = recorded_versions(tmp_path, "package:no-such-package", "command:no-such-program -v")
    assert asked == {"no-such-package": "", "no-such-program": ""}


def test_asking_for_a_version_takes_no_time_of_the_step(tmp_path: Path) -> None:
    tool = program(tmp_path, "tool", "sleep 0.6; echo 1.0")
    assert recorded_versions(tmp_path, f"command:{tool}") == {"tool": "1.0"}
    seconds = record(tmp_path)["seconds"]
    assert isinstance(seconds, float)
    assert seconds < 0.6


@pytest.mark.parametrize("name", ["ruff", "pip:ruff", "command:", "command: "])
def test_a_version_is_asked_of_a_package_or_a_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with pytest.raises(SystemExit):
        recorded_versions(tmp_path, name)
    assert "is neither package:NAME nor command:ARGV" in capsys.readouterr().err
    assert not (tmp_path / "stage.json").exists()


def run_sequence(folder: Path, commands: list[list[str]], *options: str) -> int:
    """Run the sequence program."""
    path = folder / "commands.json"
    path.write_text(json.dumps(commands))
    return sequence.main(["--commands", str(path), *options])


def test_a_sequence_prints_what_each_command_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_sequence(tmp_path, [["echo", "a"], ["echo", "b c"]]) == 0
    assert json.loads(capsys.readouterr().out) == ["a\n", "b c\n"]


def test_a_sequence_does_not_read_for_ever(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequence, "MOST", 1 << 16)
    assert run_sequence(tmp_path, [["yes", "y"], ["echo", "after"]], "--each") == 0
    endless, after = json.loads(capsys.readouterr().out)
    assert endless[0] == sequence.FAILED
    assert not endless[1]
    assert "more than" in endless[2]
    assert after == [0, "after\n", ""]
    assert run_sequence(tmp_path, [["yes", "y"]]) == sequence.FAILED


def test_a_sequence_stops_at_the_first_failure_and_prints_no_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marker = tmp_path / "after"
    fails = ["ls", "no-such-file"]
    assert run_sequence(tmp_path, [["echo", "a"], fails, ["touch", str(marker)]]) == sequence.FAILED
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("ls no-such-file: ")
    assert not marker.exists()


def test_a_secret_is_in_the_environment_of_the_commands_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "password").write_text("hush\n")
    show = [PYTHON, "-c", "import os; print(len(os.environ['PASSWORD']))"]
    assert run_sequence(tmp_path, [show], "--secret", f"PASSWORD={tmp_path / 'password'}") == 0
    assert json.loads(capsys.readouterr().out) == ["4\n"]
    assert "PASSWORD" not in os.environ


def run_tee(log: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start the tee program as ourselves."""
    me = f"{os.getuid()}:{os.getgid()}"
    return subprocess.Popen([PYTHON, tee.__file__, str(log), me, *words], stdout=subprocess.PIPE)


# Changing groups, even to none, is a privilege.
AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="changing groups needs root")


@AS_ROOT
def test_tee_keeps_the_output_and_the_exit_code(tmp_path: Path) -> None:
    with run_tee(tmp_path / "log", PYTHON, "-c", "print('hello'); raise SystemExit(7)") as child:
        out, _ = child.communicate(timeout=20)
    assert child.returncode == 7
    assert out == b"hello\n"
    assert (tmp_path / "log").read_text() == "hello\nthe service ended with exit code 7\n"


@AS_ROOT
def test_tee_hands_a_stop_on_to_the_service(tmp_path: Path) -> None:
    program = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        "print('ready', flush=True)\ntime.sleep(30)\n"
    )
    with run_tee(tmp_path / "log", PYTHON, "-c", program) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        child.terminate()
        assert child.wait(timeout=20) == 5


@AS_ROOT
def test_tee_says_what_does_not_start(tmp_path: Path) -> None:
    with run_tee(tmp_path / "log", "no-such-program") as child:
        assert child.wait(timeout=20) == 127
    assert "no-such-program does not start" in (tmp_path / "log").read_text()
