"""XML looked over before a tree is made of it: size, depth, count, and no DTD."""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

MAX_BYTES = 4 * 1024 * 1024
"""No message of the gateway is larger."""
MAX_LEVELS = 200
MAX_ELEMENTS = 50_000
MAX_ATTRIBUTES = 200
"""Of one element."""

Problem = tuple[int, str, str]


class _Stop(Exception):
    """Ends the parser from inside it."""


def problem_of(content: bytes) -> Problem | None:
    """Return the line, what is too much, and what to do; what is broken is left to whoever makes the tree."""
    if len(content) > MAX_BYTES:
        return 1, f"larger than {MAX_BYTES:,} bytes", "Cut it into processes that call one another."
    looking = _Looking()
    try:
        looking.parser.Parse(content, True)
    except (_Stop, expat.ExpatError, LookupError, ValueError):
        return looking.problem
    return None


class _Looking:
    def __init__(self) -> None:
        self.problem: Problem | None = None
        self._depth = self._count = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _start(self, _name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > MAX_LEVELS:
            self._stop(f"elements nested deeper than {MAX_LEVELS}", "Nest less.")
        if self._count > MAX_ELEMENTS:
            self._stop(f"more than {MAX_ELEMENTS:,} elements", "Cut it into processes that call one another.")
        if len(attributes) > MAX_ATTRIBUTES:
            self._stop(f"an element with more than {MAX_ATTRIBUTES} attributes", "Take out what does not belong there.")

    def _end(self, _name: str) -> None:
        self._depth -= 1

    def _doctype(self, *_: Any) -> None:
        self._stop("it has a DTD, which is refused", "Remove the <!DOCTYPE …> declaration.")

    def _stop(self, what: str, suggestion: str) -> None:
        self.problem = (self.parser.CurrentLineNumber, what, suggestion)
        raise _Stop
