"""The tutorial on definitions as code, walked through: every file and command of it, and what each command says."""

from __future__ import annotations

from pathlib import Path

import pytest

import zeebe_fleet
from tests.walked import walk

PAGE = Path(zeebe_fleet.__file__).parent / "docs/tutorial/definitions-as-code.md"


@pytest.mark.timeout(300)
def test_tutorial_on_definitions_says_what_happens(tmp_path: Path) -> None:
    """One of a user's own is made, linted, tested, published and started by its version."""
    with walk(tmp_path) as walking:
        walking.follow(PAGE)

    assert sorted(file.name for file in (tmp_path / "acme/published").glob("travel_request*")) == [
        "travel_request_v0.1.0.yaml",
        "travel_request_v0.1.1.yaml",
    ]
