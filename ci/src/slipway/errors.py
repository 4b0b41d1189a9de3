"""The one tree of errors: each says what happened, where, and what to do next.

An expected outcome (a gate that failed) is a value, a `Verdict`; an error is what stops a run.
Each kind of failure has an exit code, listed in docs/exit-codes.md. Codes are never reused: scripts
branch on them. 2 stays free, because dagger exits with it when it is interrupted.
Everything that a person may see derives from `SlipwayError`. Standard library only: this file also
runs inside stage containers.
"""

# ruff: noqa: N818 - an error is named after what happened (TagConflict), not after being an error.

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

UNFORESEEN = 1
_TAIL_LINES = 20


class SlipwayError(Exception):
    """What stops a run.

    `what` is the fact, `where` the file, key or address it is about, `remedy` the sentence or
    command that helps. `str()` gives "what (where). remedy". `code` is the exit code of a call that
    fails with this error; 1 stands for failures that Slipway did not foresee.
    """

    code: int = UNFORESEEN

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        fact = self.what.rstrip()
        if self.where:
            fact = f"{fact.rstrip('.')} ({self.where})"
        return _sentence(fact) + (f" {_sentence(self.remedy)}" if self.remedy else "")


class ConfigError(SlipwayError):
    """slipway.yaml, or an argument, is not what it has to be."""

    code = 3


class DataError(SlipwayError):
    """A file that Slipway reads (JSON, a tar, a plan, a data set) is not what it has to be."""

    code = 4


class InvalidReference(DataError):
    """An image reference, a digest or a tag is not well formed."""


class RegistryError(SlipwayError):
    """A registry is down, refuses the password, or answered with something else."""

    code = 7


class TagConflict(RegistryError):
    """A tag exists already and names another digest; tags of releases never move."""

    code = 8


class ContentMismatch(RegistryError):
    """Content does not have the digest under which it was asked for."""

    code = 9


class SigningError(SlipwayError):
    """Something could not be signed: the key, its password, or the service that signs."""

    code = 10


class VerificationError(SlipwayError):
    """A signature or an attestation is missing, or is not what the policy asks for."""

    code = 11


class DirtyTree(SlipwayError):
    """The work tree has changes that no commit holds."""

    code = 12


class ApplyRefused(SlipwayError):
    """A plan that may not be applied to this state, here, or now. Nothing was applied."""

    code = 13


class ApplyFailed(SlipwayError):
    """Applying a plan broke off; the state says how far it came."""

    code = 14


class Drifted(SlipwayError):
    """The infrastructure is not what the stack says."""

    code = 15


class NotReproduced(SlipwayError):
    """A release that could not be made again bit for bit. `differing` says for each artifact, or for
    its tools, what differs, a line each; `notes` what is to be known beside.
    """

    code = 16

    def __init__(
        self, commit: str, *, differing: Mapping[str, Sequence[str]], notes: Sequence[str]
    ) -> None:
        super().__init__(
            f"commit {commit} was rebuilt and differs"
            if commit
            else "the release cannot be rebuilt"
        )
        self.differing = differing
        self.notes = notes

    def __str__(self) -> str:
        lines = [f"{self.what}:"]
        for kind, found in self.differing.items():
            lines += [f"  {kind}", *(f"    {line}" for line in found)]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


class Judged(Protocol):
    """What `GateFailed` needs to know of a verdict (`verdicts.verdict.Verdict` is one)."""

    @property
    def gate(self) -> str:
        """The gate's name."""


class GateFailed(SlipwayError):
    """Gates that failed. `verdicts` are theirs; `what` is the whole explanation, all gates at
    once.
    """

    code = 5

    def __init__(
        self, what: str, *, verdicts: Sequence[Judged], where: str = "", remedy: str = ""
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.verdicts = tuple(verdicts)


class StageFailed(SlipwayError):
    """A command of a stage ended with another code than 0.

    `tail` is the end of its output (the last 20 lines are shown); `debug` is the `dagger call …
    terminal` line that opens a shell in that very stage.
    """

    code = 6

    def __init__(self, stage: str, *, exit_code: int, tail: str = "", debug: str = "") -> None:
        super().__init__(
            f"stage {stage} failed with exit code {exit_code}",
            remedy=f"To look into it: {debug}" if debug else "",
        )
        self.stage = stage
        self.exit_code = exit_code
        self.tail = tail
        self.debug = debug

    def __str__(self) -> str:
        lines = self.tail.strip().splitlines()[-_TAIL_LINES:]
        shown = [self.what + (":" if lines else "."), *(f"  {line}" for line in lines)]
        # The command is not given a full stop: people copy it.
        return "\n".join([*shown, *([self.remedy] if self.remedy else [])])


def flatten(exc: BaseException) -> list[BaseException]:
    """The exceptions inside `exc`, out of every nested ExceptionGroup, in order; `[exc]` if it is
    no group.
    """
    if isinstance(exc, BaseExceptionGroup):
        return [leaf for inner in exc.exceptions for leaf in flatten(inner)]
    return [exc]


def one(errors: Iterable[BaseException]) -> SlipwayError:
    """One error that says all of `errors`: groups are unwrapped, repeated messages said once.

    A single `SlipwayError` is given back as it is, so its type is kept. Several failures together
    have the lowest of their codes, whichever of them came first. Nothing at all is a ValueError.
    """
    leaves = [leaf for error in errors for leaf in flatten(error)]
    failures: dict[str, BaseException] = {}
    for leaf in leaves:
        failures.setdefault(_text_of(leaf), leaf)
    if not failures:
        raise ValueError("one() needs at least one error")
    (message, first), *others = failures.items()
    if not others:
        return first if isinstance(first, SlipwayError) else SlipwayError(message)
    numbered = (f"{n}. {_indented(text)}" for n, text in enumerate(failures, start=1))
    together = SlipwayError("\n".join([f"{len(failures)} things failed:", *numbered]))
    together.code = min(exit_code(error) for error in failures.values())
    return together


def exit_code(error: BaseException) -> int:
    """The exit code for `error`; an error from outside the tree was not foreseen."""
    return error.code if isinstance(error, SlipwayError) else UNFORESEEN


def _text_of(error: BaseException) -> str:
    """What an error says; one from outside the tree is named by its type too."""
    if isinstance(error, SlipwayError):
        return str(error)
    return f"{type(error).__name__}: {error}".rstrip(": ")


def _indented(text: str) -> str:
    return text.replace("\n", "\n   ")


def _sentence(text: str) -> str:
    """`text` with a full stop, unless it ends with one, or with a line that is a list or a
    command.
    """
    text = text.strip()
    return text if "\n" in text or text.endswith((".", "!", "?", ":", "`")) else f"{text}."
