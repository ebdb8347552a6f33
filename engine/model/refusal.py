"""What a modeller is told of a file that the engine refuses: the file first, then each element and its errors.

Source: the shape of the answer to a refused deployment, as `tests/adapters/test_zeebe_deployment.py` holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MAX_TOLD = 100
"""Elements of one refusal."""
MAX_ERROR = 1000
"""Characters of one error; it may quote what somebody wrote."""


class Refused(Exception):
    """One file is refused; the message is the engine's whole answer for it, its name first."""


def error_text(name: str, elements: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Write the errors of a file, element by element.

    Args:
        elements: path and errors of each: `("work > extensionElements > taskDefinition", ["…"])`.
    """
    told = "".join(
        f"- Element: {path}\n" + "".join(f"    - ERROR: {error}\n" for error in errors) for path, errors in elements
    )
    return f"'{name}': {told}"


def broken_text(name: str, line: int, words: str, *, fatal: bool) -> str:
    """Write the first thing that is wrong with a file's XML."""
    kind = "Fatal Error" if fatal else "Error"
    return f"'{name}': org.xml.sax.SAXException: {kind}: URI=null Line={line}: {_short(words)}"


def unknown_type_text(name: str) -> str:
    """Write why a file is refused whose ending says nothing."""
    return f"'{name}': unknown resource type"


def _short(error: str) -> str:
    return error if len(error) <= MAX_ERROR else f"{error[:MAX_ERROR]}…"


class Problems:
    """Collects the errors of one file, in the order in which its elements were met."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: dict[str, list[str]] = {}

    def add(self, path: str, error: str) -> None:
        """Note an error of an element; past `MAX_TOLD` elements nobody reads on."""
        if path in self._found or len(self._found) < MAX_TOLD:
            self._found.setdefault(path, []).append(_short(error))

    def check(self) -> None:
        """Refuse the file if there was any error.

        Raises:
            Refused: there was.
        """
        if self._found:
            raise Refused(error_text(self._name, self._found.items()))
