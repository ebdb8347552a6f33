"""What a modeller is told of a file that the engine refuses: the file first, then each element and its errors.

Source: the shape of the answer to a refused deployment, as `tests/adapters/test_zeebe_deployment.py` holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from zeebe_fleet.engine.model.node import Node

MAX_TOLD = 100
"""Elements of one refusal."""
MAX_ERROR = 1000
"""Characters of one error; it may quote what somebody wrote."""


class Problem(NamedTuple):
    """One thing for which a file is refused.

    Args:
        line: where the element begins, or where reading stopped.
        path: of the element, as `Node.path`; empty where it is the file.
        error: in the engine's words.
    """

    line: int
    path: str
    error: str


class Refused(Exception):
    """One file is refused.

    Args:
        message: the engine's whole answer for it, its name first.
        problems: the same one by one.
    """

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems) or (Problem(1, "", message),)


def error_text(name: str, elements: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Write the errors of a file, element by element.

    Args:
        elements: path and errors of each: `("work > extensionElements > taskDefinition", ["…"])`.
    """
    told = "".join(
        f"- Element: {path}\n" + "".join(f"    - ERROR: {error}\n" for error in errors) for path, errors in elements
    )
    return f"'{name}': {told}"


def broken(name: str, line: int, words: str, *, fatal: bool) -> Refused:
    """Refuse a file for the first thing that is wrong with its XML."""
    kind, told = "Fatal Error" if fatal else "Error", _short(words)
    message = f"'{name}': org.xml.sax.SAXException: {kind}: URI=null Line={line}: {told}"
    return Refused(message, [Problem(line, "", told)])


def unknown_type_text(name: str) -> str:
    """Write why a file is refused whose ending says nothing."""
    return f"'{name}': unknown resource type"


def _short(error: str) -> str:
    return error if len(error) <= MAX_ERROR else f"{error[:MAX_ERROR]}…"


class Problems:
    """Collects the errors of one file, in the order in which its elements were met."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: dict[str, list[Problem]] = {}

    def add(self, node: Node, error: str) -> None:
        """Note an error of an element; past `MAX_TOLD` elements nobody reads on."""
        path = node.path
        if path in self._found or len(self._found) < MAX_TOLD:
            self._found.setdefault(path, []).append(Problem(node.line, path, _short(error)))

    def check(self) -> None:
        """Refuse the file if there was any error.

        Raises:
            Refused: there was.
        """
        if self._found:
            told = ((path, [one.error for one in problems]) for path, problems in self._found.items())
            problems = (one for found in self._found.values() for one in found)
            raise Refused(error_text(self._name, told), problems)
