"""XML read safely: no DTD, no entities but the five, nothing fetched, bounded in size and depth.

Source: expat as Python has it. It knows the open elements and the line when it stops, so that what is broken can
be told in the words users know (`wording`).
"""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from zeebe_fleet.engine.model import wording
from zeebe_fleet.engine.model.node import BPMN, ZEEBE, Node
from zeebe_fleet.engine.model.refusal import Refused, broken

MAX_BYTES = 4 * 1024 * 1024
"""No message of the gateway is larger."""
MAX_DEPTH = 200
MAX_ELEMENTS = 50_000
"""Of a file that runs already."""
MAX_NEW_ELEMENTS = 20_000
"""Of a file that is deployed: it is read while everybody waits. A model that people can read has a few thousand."""
_PLACES = {
    "http://www.omg.org/spec/BPMN/20100524/DI",
    "http://www.omg.org/spec/DD/20100524/DC",
    "http://www.omg.org/spec/DD/20100524/DI",
}
_OURS = {BPMN: "", ZEEBE: "zeebe:"}


class _Stop(Exception):
    """Ends the parser from inside it."""

    def __init__(self, line: int, words: str) -> None:
        super().__init__(words)
        self.line = line
        self.words = words


def parse(name: str, content: bytes, most: int = MAX_ELEMENTS) -> Node:
    """Read a file into nodes and return its outermost.

    Args:
        most: how many elements it may have.

    Raises:
        Refused: it is no XML, or more than the engine takes.
    """
    if len(content) > MAX_BYTES:
        raise Refused(f"'{name}': larger than {MAX_BYTES} bytes")
    reader = _Reader(most)
    try:
        reader.parser.Parse(content, True)
    except _Stop as stop:
        raise broken(name, stop.line, stop.words, fatal=True) from None
    except expat.ExpatError as error:
        words = wording.of(error.code, content, reader.parser.ErrorByteIndex, reader.open_name)
        raise broken(name, error.lineno, words, fatal=True) from None
    except (LookupError, ValueError) as error:
        raise broken(name, 1, str(error), fatal=True) from None
    assert reader.root is not None
    return reader.root


class _Reader:
    """Makes nodes of what the parser meets."""

    def __init__(self, most: int) -> None:
        self.root: Node | None = None
        self._most = most
        self._open: list[Node] = []
        self._count = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.namespace_prefixes = True
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    @property
    def open_name(self) -> str:
        """The innermost element that is not closed, as written."""
        return self._open[-1].written if self._open else ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._open[-1] if self._open else None
        self._count += 1
        if len(self._open) >= MAX_DEPTH:
            raise _Stop(self.parser.CurrentLineNumber, f"Elements are nested deeper than {MAX_DEPTH}.")
        if self._count > self._most:
            raise _Stop(self.parser.CurrentLineNumber, f"There are more than {self._most} elements.")
        space, tag, written = _names(name)
        plain = {key: value for key, value in attributes.items() if " " not in key}
        node = Node(tag, written, plain, self.parser.CurrentLineNumber, parent)
        node.model = (space == BPMN or space in _PLACES) and (parent is None or parent.model)
        if parent is None:
            self.root = node
        else:
            parent.children.append(node)
        self._open.append(node)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _text(self, data: str) -> None:
        self._open[-1].texts.append(data)

    def _doctype(self, *_: Any) -> None:
        words = (
            'DOCTYPE is disallowed when the feature "http://apache.org/xml/features/disallow-doctype-decl" set to true.'
        )
        raise _Stop(self.parser.CurrentLineNumber, words)


def _names(name: str) -> tuple[str, str, str]:
    parts = name.split(" ")
    if len(parts) == 1:
        return "", f"{{}}{name}", name
    space, local = parts[0], parts[1]
    known = _OURS.get(space)
    tag = f"{{{space}}}{local}" if known is None else known + local
    return space, tag, f"{parts[2]}:{local}" if len(parts) == 3 else local
