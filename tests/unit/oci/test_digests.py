"""Digests and references: what is taken, what is refused, and that nothing else is raised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slipway.errors import InvalidReference
from slipway.oci.digests import Digest, Reference, commit_tag, is_tag

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_digest_is_of_content_and_survives_its_text() -> None:
    assert str(Digest.of(b"")) == EMPTY
    assert Digest.parse(EMPTY) == Digest.of(b"")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256:",
        "sha512:" + "a" * 128,
        EMPTY.upper(),
        EMPTY[:-1],
        EMPTY + "0",
        EMPTY + "\n",
        "x",
    ],
)
def test_other_digests_are_refused(text: str) -> None:
    with pytest.raises(InvalidReference, match="not a sha256 digest"):
        Digest.parse(text)


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag"),
    [
        ("localhost/a", "localhost", "a", None),
        ("localhost:5050/screening/model", "localhost:5050", "screening/model", None),
        ("ghcr.io/sigstore/cosign/cosign:v3.1.3", "ghcr.io", "sigstore/cosign/cosign", "v3.1.3"),
        ("[::1]:5000/a__b-c.d:T", "[::1]:5000", "a__b-c.d", "T"),
        ("127.0.0.1:5199/a--b:1", "127.0.0.1:5199", "a--b", "1"),
    ],
)
@pytest.mark.parametrize("digest", ["", f"@{EMPTY}"])
def test_references_have_parts(
    text: str, registry: str, repository: str, tag: str | None, digest: str
) -> None:
    found = Reference.parse(text + digest)
    assert (found.registry, found.repository, found.tag) == (registry, repository, tag)
    assert found.is_pinned is bool(digest)
    assert str(found) == text + digest


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "registry's host"),
        ("screening", "registry's host"),
        ("library/python:3", "registry's host"),
        ("localhost:0/a", "registry's host"),
        ("localhost:99999/a", "registry's host"),
        ("-x.com/a", "registry's host"),
        ("a.com/", "not a repository name"),
        ("a.com/Upper", "not a repository name"),
        ("a.com/a//b", "not a repository name"),
        ("a.com/../b", "not a repository name"),
        ("a.com/" + "a" * 250, "at most 255"),
        ("a.com/b:", "not a tag"),
        ("a.com/b:-rm", "not a tag"),
        ("a.com/b:" + "t" * 129, "not a tag"),
        ("a.com/b@", "sha256"),
        ("a.com/b@sha256:abc", "sha256"),
        ("a.com/b\n", "not a repository name"),
        ("a.com/" + "a" * 2000, "longer than"),
    ],
)
def test_bad_references_say_which_part(text: str, why: str) -> None:
    with pytest.raises(InvalidReference, match=why) as caught:
        Reference.parse(text)
    assert len(str(caught.value)) < 400


@given(st.text(alphabet="aA0.:/@-_[]\n é", max_size=40) | st.text(max_size=40))
def test_any_text_is_a_reference_or_an_error(text: str) -> None:
    try:
        found = Reference.parse(text)
    except InvalidReference:
        return
    assert str(found) == text


def test_a_tag_is_dropped_where_a_digest_decides() -> None:
    tagged = Reference.parse("localhost:5050/a:v1")
    assert tagged.with_digest(Digest.of(b"")).pinned == f"localhost:5050/a@{EMPTY}"
    assert str(tagged.with_digest(Digest.of(b"")).with_tag("v2")) == "localhost:5050/a:v2"


def test_what_has_no_digest_is_not_pinned() -> None:
    with pytest.raises(InvalidReference, match="names no digest"):
        _ = Reference.parse("localhost:5050/a:v1").pinned


def test_a_bad_tag_is_not_put_on() -> None:
    with pytest.raises(InvalidReference, match="not a tag"):
        Reference.parse("localhost/a").with_tag("a b")


@pytest.mark.parametrize("commit", ["a" * 40, "0" * 64])
def test_a_commit_is_a_tag(commit: str) -> None:
    assert is_tag(commit_tag(commit))


@pytest.mark.parametrize("commit", ["", "abc1234", "A" * 40, "main", "a" * 41, "--" + "a" * 38])
def test_a_short_commit_is_not(commit: str) -> None:
    with pytest.raises(InvalidReference, match="whole commit SHA"):
        commit_tag(commit)
