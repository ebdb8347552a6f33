"""DMN files read into decisions, or refused with all that is wrong with them.

Source: DMN 1.1 to 1.5, which Camunda's engine takes alike; what it refuses at deployment is refused here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zeebe_fleet.engine.dmn.logics import Logics
from zeebe_fleet.engine.dmn.markup import child, children
from zeebe_fleet.engine.dmn.model import Decision, Knowledge, Requirements
from zeebe_fleet.engine.model import markup
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.refusal import Problems, Refused

_MODELS = (
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20151101/dmn11.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
)
_MOST_REQUIRED = 100
"""Levels of requirements, one standing on the other."""


def read(name: str, content: bytes, most: int = markup.MAX_ELEMENTS) -> Requirements:
    """Read a DMN file.

    Args:
        name: of the resource; a refusal begins with it.
        most: how many XML elements it may have.

    Raises:
        Refused: broken XML, no DMN, something missing or cyclic, or an expression that cannot be parsed.
    """
    root = markup.parse(name, content, most)
    if root.local != "definitions" or root.tag.rpartition("}")[0].lstrip("{") not in _MODELS:
        raise Refused(f"'{name}': no DMN: its outermost element is <{root.written}>")
    problems = Problems(name)
    _check_heads(root, problems)
    problems.check()
    reader = _Reader(root, problems)
    decisions = reader.decisions()
    problems.check()
    return Requirements(root.id, root.get("name"), root.get("namespace"), decisions)


def _check_heads(root: Node, problems: Problems) -> None:
    """See to the ids and names that everything is called by."""
    seen: set[str] = set()
    for node in (root, *children(root, "decision")):
        for key in ("id", "name"):
            if not node.get(key):
                problems.add(node, f"Attribute '{key}' must not be empty")
    for node in children(root, "decision", "businessKnowledgeModel"):
        if node.id and node.id in seen:
            problems.add(node, f"Duplicated id '{node.id}'")
        seen.add(node.id)
    if not children(root, "decision"):
        problems.add(root, "Must have at least one decision")


class _Reader:
    """Makes decisions of nodes, each after those that it requires."""

    def __init__(self, root: Node, problems: Problems) -> None:
        self._nodes = {node.id: node for node in children(root, "decision", "businessKnowledgeModel") if node.id}
        self._order = [node.id for node in children(root, "decision") if node.id]
        self._problems = problems
        self._decisions: dict[str, Decision] = {}
        self._knowledge: dict[str, Knowledge] = {}

    def decisions(self) -> Mapping[str, Decision]:
        """Read all decisions."""
        if not self._is_ordered():
            return {}
        for decision_id in self._order:
            self._decision(self._nodes[decision_id])
        return {decision_id: self._decisions[decision_id] for decision_id in self._order}

    def _is_ordered(self) -> bool:
        """See whether nothing requires itself, over however many others."""
        levels: dict[str, int] = {}
        for start in self._nodes:
            waiting = [(start, iter(self._required_ids(self._nodes[start])))] if start not in levels else []
            on_the_way = {start}
            while waiting:
                node_id, rest = waiting[-1]
                required = next(rest, None)
                if required is None:
                    below = (levels[one] for one in self._required_ids(self._nodes[node_id]))
                    levels[node_id] = 1 + max(below, default=0)
                    on_the_way.discard(node_id)
                    waiting.pop()
                elif required in on_the_way:
                    kind = "decisions" if self._nodes[required].local == "decision" else "BKMs"
                    told = f"Invalid DMN model: Cyclic dependencies between {kind} detected."
                    self._problems.add(self._nodes[required], told)
                    return False
                elif required not in levels:
                    on_the_way.add(required)
                    waiting.append((required, iter(self._required_ids(self._nodes[required]))))
        deep = [node_id for node_id, level in levels.items() if level > _MOST_REQUIRED]
        for node_id in deep:
            self._problems.add(self._nodes[node_id], f"Stands on more than {_MOST_REQUIRED} levels of others.")
        return not deep

    def _required_ids(self, node: Node) -> list[str]:
        return [required.id for required in self._required(node, "requiredDecision", "requiredKnowledge")]

    def _required(self, node: Node, *kinds: str) -> Iterable[Node]:
        """Return what a node requires; what is not in the file is passed over, as Camunda's engine does."""
        for requirement in children(node, "informationRequirement", "knowledgeRequirement"):
            for link in children(requirement, *kinds):
                found = self._nodes.get(link.get("href").rpartition("#")[2])
                if found is not None:
                    yield found

    def _decision(self, node: Node) -> Decision:
        if node.id in self._decisions:
            return self._decisions[node.id]
        requires = tuple(self._decision(one) for one in self._required(node, "requiredDecision"))
        knowledge = tuple(self._known(one) for one in self._required(node, "requiredKnowledge"))
        variable = child(node, "variable")
        kind, code = Logics(self._problems, self._knowledge).of_decision(node)
        result_name = variable.get("name") if variable is not None else ""
        result_type = variable.get("typeRef") if variable is not None else ""
        decision = Decision(
            node.id, node.get("name"), kind, result_name or node.id, result_type, requires, knowledge, code, _tag(node)
        )
        self._decisions[node.id] = decision
        return decision

    def _known(self, node: Node) -> Knowledge:
        name = node.get("name")
        if name not in self._knowledge:
            requires = tuple(self._known(one) for one in self._required(node, "requiredKnowledge"))
            parameters, code = Logics(self._problems, self._knowledge).of_knowledge(node)
            self._knowledge[name] = Knowledge(node.id, name, parameters, code, requires)
        return self._knowledge[name]


def _tag(node: Node) -> str:
    held = child(node, "extensionElements")
    tag = None if held is None else held.first("zeebe:versionTag")
    return "" if tag is None else tag.get("value")
