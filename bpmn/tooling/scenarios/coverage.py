"""How much of a process was run: its elements, its sequence flows, and its compensation handlers apart from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.case.definition import CaseDefinition
from zeebe_fleet.bpmn.tooling.document import Document, Element
from zeebe_fleet.bpmn.tooling.parse import undo_pairs


@dataclass(frozen=True, slots=True)
class Share:
    """What was run, of what there is."""

    there: Sequence[str]
    run: frozenset[str]

    @property
    def missing(self) -> list[str]:
        """What was not run, in the order of the model."""
        return [one for one in self.there if one not in self.run]

    @property
    def counted(self) -> int:
        """How many were run."""
        return len(self.there) - len(self.missing)

    @property
    def percent(self) -> float:
        """How much that is; all, where there is nothing."""
        return 100 * self.counted / len(self.there) if self.there else 100.0

    def to_json(self) -> dict[str, Any]:
        """Return its shape in a report."""
        numbers = {"total": len(self.there), "covered": self.counted, "percent": round(self.percent, 1)}
        return {**numbers, "missing": self.missing}


@dataclass(frozen=True)
class Coverage:
    """Of one process."""

    process_name: str
    elements: Share
    flows: Share
    handlers: Share

    @cached_property
    def percent(self) -> float:
        """The least of the three, which is what a threshold is compared with."""
        return min(self.elements.percent, self.flows.percent, self.handlers.percent)

    def to_json(self) -> dict[str, Any]:
        """Return its shape in a report."""
        shares = {"elements": self.elements, "flows": self.flows, "compensationHandlers": self.handlers}
        return {"process": self.process_name, **{name: share.to_json() for name, share in shares.items()}}


def case_coverage(definition: CaseDefinition, moves: Iterable[tuple[str | None, str, str]]) -> Coverage:
    """Compare the moves of cases with their definition: steps are elements, transitions are flows.

    Args:
        definition: of the cases.
        moves: each with the step that was left, what after, and the step that was entered.
    """
    made = list(moves)
    return Coverage(
        definition.name,
        Share([one.id for one in definition.steps], frozenset(to for _, _, to in made)),
        Share(
            [_way(one.source, one.on) for one in definition.transitions], frozenset(_way(s, on) for s, on, _ in made)
        ),
        Share([], frozenset()),
    )


def _way(source: str | None, on: str) -> str:
    return f"{source or ''}/{on}" if on else f"{source or ''}"


def coverage(document: Document, process: Element, elements: Iterable[str], flows: Iterable[str]) -> Coverage:
    """Compare what was run with a model.

    A compensation handler and the boundary event it hangs on count as handlers; what is inside a handler that is a
    sub-process counts with the elements.

    Args:
        document: the model.
        process: its process.
        elements: ids of what was entered.
        flows: ids of the sequence flows that were taken.
    """
    ran, taken = frozenset(elements), frozenset(flows)
    handlers = {handler.get("id", "") for handler, _ in undo_pairs(document, process)}
    counted = [one for one in xml.nodes(process) if one.get("id") not in handlers and not _is_undo(one)]
    return Coverage(
        process.get("id", ""),
        Share([one.get("id", "") for one in counted], ran),
        Share([one.get("id", "") for one in xml.flows(process)], taken),
        Share(sorted(handlers), ran),
    )


def derived_flows(process: Element, elements: Iterable[str]) -> set[str]:
    """Return the flows that must have been taken where only the elements are known that were entered.

    A flow between two of them counts where nothing else leads out of the first, or nothing else into the second.
    """
    ran = set(elements)
    flows = [(one.get("id", ""), one.get("sourceRef", ""), one.get("targetRef", "")) for one in xml.flows(process)]
    out = _counts(source for _, source, _ in flows)
    into = _counts(target for _, _, target in flows)
    return {
        flow_id
        for flow_id, source, target in flows
        if source in ran and target in ran and (out[source] == 1 or into[target] == 1)
    }


def _counts(names: Iterable[str]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return counts


def _is_undo(node: Element) -> bool:
    return xml.kind(node) == "boundaryEvent" and xml.is_compensation(node)
