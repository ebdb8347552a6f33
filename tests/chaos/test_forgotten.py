"""How the suite tells what an engine forgot."""

from __future__ import annotations

from tests.chaos.forgotten import anew


def test_forgotten_are_the_keys_before_the_last_of_an_element() -> None:
    """A job received twice is none; one that came again under another key is, in whatever order that was noted."""
    lines = ["1 write a.write 10", "1 write a.write 10", "1 book a.book 11", "2 write a.write 90", "2 write a.write 12"]
    assert anew(lines) == {12}


def test_listeners_of_one_process_are_told_apart_by_their_type() -> None:
    """Both ends of a process have jobs of one element: that is nothing made anew."""
    assert anew(["1 chain fleet-adopt 10", "1 chain fleet-ended 50"]) == set()
