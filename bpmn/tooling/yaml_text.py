"""YAML as somebody wrote it: bounded in size, depth and count, with what its aliases unfold to, before it is made.

Source: YAML 1.1, 3.2.2; the type repository's merge keys, https://yaml.org/type/merge.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from zeebe_fleet.workers.contract.errors import DefinitionError

MAX_BYTES = 131_072
MAX_LEVELS = 60
MAX_ALIASES = 100
MAX_VALUES = 20_000
"""Keys and values, those behind an alias counted wherever it stands."""
_NUMBERS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "timestamp"))
_LONGEST_NUMBER = 400
_SHOWN = 80
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is taken."""

    most_bytes: int = MAX_BYTES
    aliases: int = MAX_ALIASES
    values: int = MAX_VALUES


def yaml_of(text: bytes, where: str, bounds: Bounds = Bounds()) -> Any:
    """Read YAML.

    Args:
        where: what a refusal begins with: the file.

    Raises:
        DefinitionError: it is none, or more than is taken.
    """
    if len(text) > bounds.most_bytes:
        raise _too_much(where, f"larger than {bounds.most_bytes:,} bytes", "Take out what does not belong there.")
    try:
        _check_events(text, where, bounds)
        loader = _LOADER(text)
        try:
            root = loader.get_single_node()
            if root is None:
                return None
            if _Unfolded().size(root) > bounds.values:
                raise _too_much(where, f"its aliases unfold to more than {bounds.values:,} values", "Write fewer out.")
            _check_keys(root, where)
            return loader.construct_document(root)
        finally:
            loader.dispose()
    except yaml.reader.ReaderError as error:
        before = text[: error.position].splitlines() or [b""]
        told = f"{where}:{len(before)}: not YAML: {error.reason}."
        raise DefinitionError(told, "Save it as UTF-8, without control characters.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = str(getattr(error, "problem", error))[:200]
        raise DefinitionError(f"{where}{line}: not YAML: {problem}.", "Correct it there.") from None
    except (ValueError, ArithmeticError, TypeError, LookupError, AttributeError) as error:
        told = f"{where}: not YAML: a value is none of its kind: {str(error)[:200]}."
        raise DefinitionError(told, "Put a text in quotes.") from None


def place_of(path: Iterable[int | str]) -> str:
    """Return where in a document something stands, as errors say it: a key may be as long as the document."""
    return ".".join(str(part)[:_SHOWN] for part in path)[: 4 * _SHOWN]


def _check_events(text: bytes, where: str, bounds: Bounds) -> None:
    """Go through what is written, as far as the bounds."""
    depth = values = aliases = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.events.AliasEvent):
            aliases += 1
        elif isinstance(event, yaml.events.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.events.CollectionEndEvent):
            depth -= 1
        values += isinstance(event, yaml.events.NodeEvent)
        at = where if event.start_mark is None else f"{where}:{event.start_mark.line + 1}"
        if not bounds.aliases and getattr(event, "anchor", None):
            raise _too_much(at, "anchors and aliases are not taken here", "Write out what they stand for.")
        if depth > MAX_LEVELS:
            raise _too_much(at, f"more than {MAX_LEVELS} levels", "Nest less.")
        if aliases > bounds.aliases:
            raise _too_much(at, f"more than {bounds.aliases} aliases", "Write out what they stand for.")
        if values > bounds.values:
            raise _too_much(at, f"more than {bounds.values:,} keys and values", "Take out what does not belong there.")


def _check_keys(root: yaml.Node, where: str) -> None:
    """Refuse a key that is written twice in one place: readers would take the last without a word."""
    ahead, met = [root], set[int]()
    while ahead:
        node = ahead.pop()
        if isinstance(node, yaml.ScalarNode):
            _check_number(node, where)
        if id(node) in met or not isinstance(node, yaml.CollectionNode):
            continue
        met.add(id(node))
        seen: set[tuple[str, str]] = set()
        for one in node.value:
            if not isinstance(one, tuple):
                ahead.append(one)
                continue
            key, value = one
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    told = f"{where}:{key.start_mark.line + 1}: {key.value[:100]!r} is written twice here."
                    raise DefinitionError(told, "Keep one of them.")
                seen.add((key.tag, key.value))
            ahead += [key, value]


def _check_number(node: yaml.ScalarNode, where: str) -> None:
    """Refuse a number that takes long to be made: one of sixties, `59:59:59`, by the square of its length."""
    if node.tag in _NUMBERS and len(node.value) > _LONGEST_NUMBER:
        at = f"{where}:{node.start_mark.line + 1}"
        raise _too_much(at, f"a number of more than {_LONGEST_NUMBER} characters", "Put it in quotes.")


class _Unfolded:
    """Counts what is left of a document when each alias is what it stands for."""

    def __init__(self) -> None:
        self._sizes: dict[int, int] = {}
        self._open: set[int] = set()

    def size(self, node: yaml.Node) -> int:
        known = self._sizes.get(id(node))
        if known is not None:
            return known
        if id(node) in self._open:
            raise yaml.YAMLError("an alias stands within what it stands for")
        self._open.add(id(node))
        inner = node.value if isinstance(node, yaml.CollectionNode) else ()
        parts = (part for one in inner for part in (one if isinstance(one, tuple) else (one,)))
        size = 1 + sum(map(self.size, parts))
        self._open.discard(id(node))
        self._sizes[id(node)] = size
        return size


def _too_much(where: str, what: str, suggestion: str) -> DefinitionError:
    return DefinitionError(f"{where}: {what}.", suggestion)
