"""Events that would catch the same in one place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from zeebe_fleet.engine.model.diagram import Diagram
from zeebe_fleet.engine.model.node import Node


def names_twice(caught: Sequence[Node], diagram: Diagram) -> Iterator[str]:
    """Name the messages and signals that more than one of these event definitions waits for."""
    for tag in ("message", "signal"):
        named = (diagram.named(one.ref(f"{tag}Ref"), tag) for one in caught if one.tag == f"{tag}EventDefinition")
        for name in _twice(one.get("name") for one in named if one is not None):
            yield f"Multiple {tag} event definitions with the same name '{name}' are not allowed."


def caught_twice(caught: Sequence[Node], diagram: Diagram) -> Iterator[str]:
    """Name the error and escalation codes that more than one of these event definitions catches."""
    for tag, kind in (("escalation", "An escalation"), ("error", "An error")):
        codes = [_code(one, tag, diagram) for one in caught if one.tag == f"{tag}EventDefinition"]
        if codes.count("") > 1:
            yield (
                f"The same scope can not contain more than one {tag} catch event without {tag} code. "
                f"{kind} catch event without {tag} code catches all {tag}s."
            )
        for code in _twice(codes):
            yield f"Multiple {tag} catch events with the same {tag} code '{code}' are not supported on the same scope."


def _code(definition: Node, tag: str, diagram: Diagram) -> str:
    named = diagram.named(definition.ref(f"{tag}Ref"), tag)
    return "" if named is None else named.get(f"{tag}Code")


def _twice(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if value and count > 1]
