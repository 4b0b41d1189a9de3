"""What Git says of a tree, and what is said where Git says nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from slipway.artifacts.git import Commit, History, open_history
from slipway.errors import ConfigError

from tests.support.fake_dagger import FakeContainer, FakeDirectory, Printed, exec_error
from tests.support.fakes import FakeTools

pytestmark = pytest.mark.anyio

SHA = "a" * 40


def history(git: Printed = f"{SHA} 17\n", sh: Printed = "") -> History:
    """A history whose commands print that."""
    tools = FakeTools(printed={"git": git, "sh": sh})
    return open_history(tools, FakeDirectory({"a": "b"}), FakeDirectory({"HEAD": "x"}))


async def test_the_commit_that_is_checked_out_has_a_time() -> None:
    assert await history().head() == Commit(sha=SHA, epoch=17)


async def test_a_commit_comes_with_what_differs_from_it() -> None:
    found = await history(sh=f"{SHA} 17\n M a\n?? b c\n").head_and_changes()
    assert found == (Commit(sha=SHA, epoch=17), (" M a", "?? b c"))
    assert await history(sh=f"{SHA} 17\n").head_and_changes() == (Commit(sha=SHA, epoch=17), ())


async def test_paths_that_no_commit_changed_are_of_the_one_that_is_checked_out() -> None:
    class Silent(History):
        async def head(self) -> Commit:
            return Commit(sha=SHA, epoch=1)

    silent = Silent(container=history(git="").container)
    assert await silent.last(("no/such/path",)) == Commit(sha=SHA, epoch=1)


async def test_without_git_it_says_what_to_do() -> None:
    failing = history(git=exec_error(128, "fatal: not a git repository\n"))
    with pytest.raises(ConfigError, match="git log fails: fatal: not a git repository"):
        await failing.head()
    with pytest.raises(ConfigError, match="git log fails: no reason given"):
        await history(git=exec_error(128)).head()


async def test_a_commit_is_checked_out_into_a_folder_of_its_own() -> None:
    there = history()
    container = there.container
    assert isinstance(container, FakeContainer)
    kept = container.called("with_new_file", "/then/a", "as it was")
    tree, then = await replace(there, container=kept).at(SHA)
    assert await tree.file("a").contents() == "as it was"
    assert await then.head() == Commit(sha=SHA, epoch=17)


async def test_a_commit_that_is_not_there_is_fetched_by_whoever_asks() -> None:
    with pytest.raises(ConfigError, match="does not hold the commit") as caught:
        await history(git=exec_error(1)).at(SHA)
    assert "git fetch" in caught.value.remedy
