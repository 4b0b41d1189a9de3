"""Run a command without a network: what loads a model may have no way out, whatever the model is.

    python -I -S offline.py [--user 65532:65532] [--serve] -- argv…

A filter of system calls (seccomp, Linux' own) is put on this process, which then becomes the command; whatever that
starts inherits the filter, and nothing takes it off again. Without --serve a socket of any other family than Unix is
refused. With it TCP is there to be listened on and answered, and nothing to call out with: `connect` is refused, and
so are datagrams, raw sockets and connections that are opened by sending.

A network namespace of its own would need the right to make one, which steps do not have: the engine's own filter
refuses `unshare`, and a container that may do everything is a bad place for what is not trusted.

The command runs as a user who is not root: root could go through the memory of another process of the container, which
has a network. Exit code 125: the filter could not be set, and the command was not started.
"""

import argparse
import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

REFUSED: Final = 125  # as env(1) and docker(1) say that they could not start a command

# linux/bpf_common.h, linux/seccomp.h, linux/prctl.h
LOAD, JUMP_EQUAL, JUMP_FROM, JUMP_SET, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
ALLOW, ERROR, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER_MODE = 38, 22, 2
NUMBER, ARCHITECTURE = 0, 4  # where in struct seccomp_data they stand

UNIX, INET, INET6 = 1, 2, 10
STREAM, TYPE_BITS = 1, 0xF
TCP = (0, 6)
FAST_OPEN = 0x20000000  # MSG_FASTOPEN: data that opens a connection
X32 = 0x40000000  # the other numbers that x86-64 has for each call
UNREACHABLE: Final = ERROR | errno.ENETUNREACH
FORBIDDEN: Final = ERROR | errno.EPERM


@dataclass(frozen=True)
class Machine:
    """An architecture: what seccomp calls it, and its numbers of the calls that are looked at."""

    audit: int
    socket: int
    connect: int
    sendto: int
    sendmsg: int
    sendmmsg: int


# The calls that ask the kernel to make another call, and that take a socket out of another process. Calls of this age
# have one number everywhere: io_uring_setup, io_uring_enter, io_uring_register, pidfd_getfd.
AROUND: Final = (425, 426, 427, 438)
MACHINES: Final[Mapping[str, Machine]] = {
    "x86_64": Machine(0xC000003E, 41, 42, 44, 46, 307),
    "aarch64": Machine(0xC00000B7, 198, 203, 206, 211, 269),
}

Instruction = tuple[int, int, int, int]


def program(machine: Machine, *, serve: bool) -> list[Instruction]:
    """The filter, in the kernel's own small language: (code, jump if true, jump if false, value)."""
    return [
        _load(ARCHITECTURE),
        (JUMP_EQUAL, 1, 0, machine.audit),
        _return(KILL),
        _load(NUMBER),
        *_answered(JUMP_FROM, X32, FORBIDDEN),
        *(step for number in AROUND for step in _answered(JUMP_EQUAL, number, FORBIDDEN)),
        *(_calling_out(machine) if serve else ()),
        # What is left is of interest where it makes a socket.
        (JUMP_EQUAL, 1, 0, machine.socket),
        _return(ALLOW),
        *_sockets(serve=serve),
    ]


def _calling_out(machine: Machine) -> Iterator[Instruction]:
    """The ways by which a TCP socket that may be made could call out. The call's number is loaded, before and after."""
    yield from _answered(JUMP_EQUAL, machine.connect, UNREACHABLE)
    for number, flags in ((machine.sendto, 3), (machine.sendmsg, 2), (machine.sendmmsg, 3)):
        yield (JUMP_EQUAL, 0, 4, number)
        yield _load_argument(flags)
        yield from _answered(JUMP_SET, FAST_OPEN, UNREACHABLE)
        yield _return(ALLOW)


def _sockets(*, serve: bool) -> Iterator[Instruction]:
    """Which sockets may be made: Unix' own, and for one who serves TCP."""
    yield _load_argument(0)
    yield from _answered(JUMP_EQUAL, UNIX, ALLOW)
    if serve:
        yield (JUMP_EQUAL, 1, 0, INET)
        yield (JUMP_EQUAL, 0, 6, INET6)
        yield _load_argument(1)
        yield (AND, 0, 0, TYPE_BITS)
        yield (JUMP_EQUAL, 0, 3, STREAM)
        yield _load_argument(2)
        yield (JUMP_EQUAL, 2, 0, TCP[0])
        yield (JUMP_EQUAL, 1, 0, TCP[1])
    yield _return(UNREACHABLE)
    if serve:
        yield _return(ALLOW)


def _load(offset: int) -> Instruction:
    return (LOAD, 0, 0, offset)


def _load_argument(number: int) -> Instruction:
    # The lower half: families, types and flags are of the C type int. Both machines have it first.
    return _load(16 + 8 * number)


def _answered(test: int, value: int, answer: int) -> tuple[Instruction, Instruction]:
    """Answer where the test holds, else go on."""
    return (test, 0, 1, value), _return(answer)


def _return(answer: int) -> Instruction:
    return (RETURN, 0, 0, answer)


def encoded(instructions: Sequence[Instruction]) -> bytes:
    """As the kernel reads them: an array of struct sock_filter."""
    return b"".join(struct.pack("=HBBI", *each) for each in instructions)


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def confine(machine: Machine, *, serve: bool) -> None:
    """Put the filter on this process, for good; raises OSError where the kernel does not take it."""
    content = encoded(program(machine, serve=serve))
    asked = _Program(len(content) // 8, content)
    libc = ctypes.CDLL(None, use_errno=True)
    zeros = (ctypes.c_ulong(0),) * 3
    for option, *arguments in (
        (NO_NEW_PRIVILEGES, ctypes.c_ulong(1), *zeros),
        (SET_SECCOMP, ctypes.c_ulong(FILTER_MODE), ctypes.byref(asked), *zeros[:2]),
    ):
        if libc.prctl(ctypes.c_int(option), *arguments) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))


def become(user: str) -> None:
    """Be another user, of no other group, if we are root; raises OSError where we would stay root."""
    if os.geteuid() == 0 and user:
        name, _, group = user.partition(":")
        os.setgroups([])
        os.setgid(int(group or name))
        os.setuid(int(name))
    if os.geteuid() == 0:
        raise OSError(errno.EPERM, "root could leave it again, so --user has to name another user")


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of this program; see the text of the module."""
    parser = argparse.ArgumentParser(prog="offline", description=__doc__)
    parser.add_argument("--user", default="")
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("argv", nargs="+")
    options = parser.parse_args(arguments)
    machine = MACHINES.get(platform.machine())
    if machine is None:
        print(f"there is no filter for {platform.machine()}, so nothing is run", file=sys.stderr)
        return REFUSED
    try:
        # A socket that is open already would go along.
        os.closerange(3, 1 + max(int(entry.name) for entry in Path("/proc/self/fd").iterdir()))
        become(options.user)
        confine(machine, serve=options.serve)
        os.execvp(options.argv[0], options.argv)  # noqa: S606 - to become the command is the point
    except OSError as error:
        print(f"{options.argv[0]} is not run without a network: {error.strerror}", file=sys.stderr)
    return REFUSED


if __name__ == "__main__":
    sys.exit(main())
