"""Where in a YAML text something is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import yaml

from zeebe_fleet.workers.contract.errors import DefinitionError

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Path = Sequence[str | int]


class Lines:
    """The lines of a text that `yaml_of` has read already, and so is bounded.

    Raises:
        DefinitionError: a key is written twice in one place: YAML's readers would take the last without a word.
    """

    def __init__(self, text: bytes, where: str) -> None:
        self._root = yaml.compose(text, Loader=_LOADER)
        self._where = where
        self._check_keys()

    def of(self, path: Path) -> int:
        """Return the line of what a path leads to, or of the last part of it that is there."""
        node, line = self._root, 1
        for part in path:
            found = _child(node, part)
            if found is None:
                continue  # the word by which a model tells variants apart
            line, node = found
        return line

    def _check_keys(self) -> None:
        ahead, met = [self._root], set[int]()
        while ahead:
            node = ahead.pop()
            if not isinstance(node, yaml.CollectionNode) or id(node) in met:
                continue
            met.add(id(node))
            if isinstance(node, yaml.MappingNode):
                self._check_mapping(node)
                ahead += [value for _, value in node.value]
            else:
                ahead += node.value

    def _check_mapping(self, node: yaml.MappingNode) -> None:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                at = f"{self._where}:{key.start_mark.line + 1}"
                raise DefinitionError(f"{at}: {str(key.value)[:100]!r} is written twice here.", "Keep one of them.")
            if isinstance(key, yaml.ScalarNode):
                seen.add(key.value)


def _child(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    return None


def check_plain(data: Any, at: Callable[[Path], str]) -> None:
    """Refuse what YAML knows and JSON does not: dates, sets, bytes, and keys that are no text, like an unquoted `on`.

    Args:
        at: says where a path leads, as a refusal begins.

    Raises:
        DefinitionError: there is some.
    """
    ahead: list[tuple[tuple[str | int, ...], Any]] = [((), data)]
    while ahead:
        path, value = ahead.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                if not isinstance(key, str):
                    told = f"{at(path)}: a key reads as {type(key).__name__} {str(key)[:50]!r}, not as a text."
                    raise DefinitionError(told, "Put the key in quotes.")
                ahead.append(((*path, key), inner))
        elif isinstance(value, list):
            ahead += [((*path, number), inner) for number, inner in enumerate(value)]
        elif not isinstance(value, str | int | float | None) or (isinstance(value, float) and not isfinite(value)):
            told = f"{at(path)}: a value reads as {type(value).__name__}, not as text, number or truth."
            raise DefinitionError(told, "Put it in quotes.")
