"""What the contestants in Java are made of is what is pinned."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.java.build import digest


@pytest.fixture
def jars(tmp_path: Path) -> list[Path]:
    """Two files as a repository may serve them."""
    files = [tmp_path / "client-1.0.jar", tmp_path / "messages-1.0.jar"]
    for file in files:
        file.write_bytes(file.name.encode())
    return files


def test_digest_is_of_names_and_contents_in_any_order(jars: list[Path]) -> None:
    """The same jars come to the same pin, however they are listed."""
    assert digest(jars) == digest(jars[::-1])


def test_digest_differs_when_one_byte_does(jars: list[Path]) -> None:
    """A jar that a proxy altered does not pass for the pinned one."""
    before = digest(jars)
    jars[1].write_bytes(b"messages-1.0.jaR")

    assert digest(jars) != before


def test_digest_differs_when_a_jar_is_another_version(jars: list[Path]) -> None:
    """The name counts: a version that somebody else resolved is noticed."""
    before = digest(jars)

    assert digest([jars[0], jars[1].rename(jars[1].with_name("messages-1.1.jar"))]) != before
