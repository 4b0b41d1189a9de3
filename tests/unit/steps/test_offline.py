"""inside.offline on this machine: what is refused under it, and that the same is not refused without it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from slipway.steps import offline

PROGRAM = Path(offline.__file__)
# Each way to reach somebody, by name; the answer is the error's name, or nothing where it went well.
PROBE = """
import ctypes, errno, json, socket, sys

port = int(sys.argv[1])
there = ("127.0.0.1", port)
libc = ctypes.CDLL(None, use_errno=True)


def made(*arguments):
    return lambda: socket.socket(*arguments).close()


def to(act):
    with socket.socket() as end:
        act(end)


def ring():
    if libc.syscall(425, 1, ctypes.create_string_buffer(120)) < 0:
        raise OSError(ctypes.get_errno(), "")


def listening():
    with socket.socket(socket.AF_INET) as end:
        end.bind(("127.0.0.1", 0))
        end.listen()
        end.setblocking(False)


def pair():
    one, other = socket.socketpair()
    one.sendmsg([b"x"])
    assert other.recv(1) == b"x"


ways = {
    "tcp": made(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK),
    "tcp6": made(socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "udp": made(socket.AF_INET, socket.SOCK_DGRAM),
    "udp6": made(socket.AF_INET6, socket.SOCK_DGRAM),
    "mptcp": made(socket.AF_INET, socket.SOCK_STREAM, 262),
    "routes": made(socket.AF_NETLINK, socket.SOCK_RAW, 0),
    "connect": lambda: to(lambda end: end.connect(there)),
    "fast open": lambda: to(lambda end: end.sendto(b"x", socket.MSG_FASTOPEN, there)),
    "fast open, message": lambda: to(
        lambda end: end.sendmsg([b"x"], [], socket.MSG_FASTOPEN, there)
    ),
    "ring": ring,
    "listen": listening,
    "unix": made(socket.AF_UNIX),
    "pair": pair,
}
found = {}
for name, way in ways.items():
    try:
        way()
        found[name] = ""
    except OSError as error:
        found[name] = errno.errorcode.get(error.errno, str(error))
print(json.dumps(found))
"""
NO_WAY_OUT = {
    "udp": "ENETUNREACH",
    "udp6": "ENETUNREACH",
    "mptcp": "ENETUNREACH",
    "routes": "ENETUNREACH",
    "connect": "ENETUNREACH",
    "fast open": "ENETUNREACH",
    "fast open, message": "ENETUNREACH",
    "ring": "EPERM",
    "unix": "",
    "pair": "",
}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A port of this machine on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(scope="module")
def readable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program where any user may read it, beside the probe."""
    folder = tmp_path_factory.mktemp("offline")
    root = Path(tempfile.gettempdir())
    for parent in (each for each in (folder, *folder.parents) if root in each.parents):
        parent.chmod(0o755)
    for name, text in (("offline.py", PROGRAM.read_text("utf-8")), ("probe.py", PROBE)):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o644)
    return folder


def run(folder: Path, *options: str, argv: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run a command offline; where these tests run as root, as somebody else."""
    user = ("--user", "65532:65532") if os.geteuid() == 0 else ()
    program = ("/usr/bin/env", "python3", "-I", "-S", str(folder / "offline.py"))
    return subprocess.run(
        [*program, *user, *options, "--", *argv], capture_output=True, text=True, check=False
    )


def probed(folder: Path, port: int, *options: str) -> dict[str, str]:
    """What the probe answers offline."""
    argv = ("/usr/bin/env", "python3", "-I", "-S", str(folder / "probe.py"), str(port))
    done = run(folder, *options, argv=argv)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_without_it_all_of_this_works(readable: Path, port: int) -> None:
    done = subprocess.run(
        [sys.executable, str(readable / "probe.py"), str(port)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    # What this machine's kernel lacks, or fast open where it is turned off, proves nothing.
    for name in ("tcp", "udp", "connect", "listen", "pair", "unix"):
        assert found[name] == "", name
    assert "ENETUNREACH" not in found.values()
    assert "EPERM" not in found.values()


def test_a_model_is_loaded_without_any_socket_but_unix(readable: Path, port: int) -> None:
    refused = dict.fromkeys(("tcp", "tcp6", "listen"), "ENETUNREACH")
    assert probed(readable, port) == NO_WAY_OUT | refused


def test_who_serves_may_be_called_and_may_not_call(readable: Path, port: int) -> None:
    allowed = dict.fromkeys(("tcp", "tcp6", "listen"), "")
    assert probed(readable, port, "--serve") == NO_WAY_OUT | allowed


def test_whatever_the_command_starts_is_as_confined(readable: Path, port: int) -> None:
    probe = f"exec /usr/bin/env python3 -I -S {readable / 'probe.py'} {port}"
    done = run(readable, argv=("sh", "-c", f"sh -c '{probe}'"))
    assert json.loads(done.stdout)["connect"] == "ENETUNREACH"


def test_an_open_socket_does_not_go_along(readable: Path, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as end:
        os.set_inheritable(end.fileno(), True)
        user = ("--user", "65532:65532") if os.geteuid() == 0 else ()
        probe = f"import os; os.fstat({end.fileno()})"
        done = subprocess.run(
            ["/usr/bin/env", "python3", "-I", "-S", str(readable / "offline.py"), *user, "--",
             "/usr/bin/env", "python3", "-c", probe],
            capture_output=True, text=True, check=False, pass_fds=(end.fileno(),),
        )  # fmt: skip
    assert "Bad file descriptor" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root could stay root")
def test_root_is_not_confined_enough(readable: Path) -> None:
    program = ["/usr/bin/env", "python3", str(readable / "offline.py"), "--", "true"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == offline.REFUSED
    assert "--user" in done.stderr


def test_the_commands_own_exit_code_is_kept(readable: Path) -> None:
    assert run(readable, argv=("sh", "-c", "exit 3")).returncode == 3


def test_a_command_that_is_not_there_is_a_sentence(readable: Path) -> None:
    done = run(readable, argv=("no-such-command",))
    assert done.returncode == offline.REFUSED
    assert "no-such-command is not run without a network: " in done.stderr


@pytest.mark.parametrize("name", sorted(offline.MACHINES))
@pytest.mark.parametrize("serve", [True, False])
def test_each_jump_of_the_filter_lands_in_it(name: str, serve: bool) -> None:
    steps = offline.program(offline.MACHINES[name], serve=serve)
    assert len(offline.encoded(steps)) == 8 * len(steps)
    for place, (code, true, false, _) in enumerate(steps):
        assert place + 1 + max(true, false) < len(steps) or code == offline.RETURN
    assert steps[-1][0] == offline.RETURN
