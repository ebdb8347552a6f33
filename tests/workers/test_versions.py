"""Versions and ranges, as they are written."""

from __future__ import annotations

import pytest

from zeebe_fleet.workers.contract.versions import ANY_VERSION, VersionRange

PUBLISHED = ("0.2.3", "0.2.4", "0.3.0", "1.0.0", "1.2.0", "1.2.9", "1.2.10", "1.10.0", "2.0.0")


@pytest.mark.parametrize(
    ("text", "fitting"),
    [
        ("1.2.0", ["1.2.0"]),
        ("1.2.x", ["1.2.0", "1.2.9", "1.2.10"]),
        ("1.x", ["1.0.0", "1.2.0", "1.2.9", "1.2.10", "1.10.0"]),
        ("^1.2", ["1.2.0", "1.2.9", "1.2.10", "1.10.0"]),
        ("^1.2.9", ["1.2.9", "1.2.10", "1.10.0"]),
        ("^0.2.3", ["0.2.3", "0.2.4"]),
        ("^0.0.1", []),
        ("3.x", []),
    ],
)
def test_range_fits_what_it_says(text: str, fitting: list[str]) -> None:
    """By number, not by letter."""
    read = VersionRange.read(text)
    assert read is not None
    assert read.text == text
    assert [one for one in PUBLISHED if read.fits(one)] == fitting


def test_exact_version_is_told_from_a_range() -> None:
    """One version needs no list to be found; a range of one is looked up."""
    read = {text: VersionRange.read(text) for text in ("1.2.0", "1.2.x", "1.x", "^1.2", "^0.0.1")}
    assert [text for text, one in read.items() if one is not None and one.is_exact] == ["1.2.0"]


def test_any_version_is_every_one() -> None:
    """What is meant where no version is named."""
    assert all(map(ANY_VERSION.fits, PUBLISHED))
    assert not ANY_VERSION.is_exact


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.2", "x", "x.x", "1.x.3", "^1", "^x", "^1.x", "^1.2.x", "01.2.0", "1.02.0", "v1.2.0", "1.2.0-rc.1",
     "1.2.0\n", " 1.2.0", "~1.2", ">=1.2", "1.2.0.0", "1234567890.0.0", "١.٢.٠", "engine:3", "../1.2.0"],
)  # fmt: skip
def test_anything_else_is_none(text: str) -> None:
    """Nothing is guessed."""
    assert VersionRange.read(text) is None
