"""The decisions of a package: the `.dmn` files beside its model, read by the engine's own reader.

Source: DMN 1.3, 6.3.7 and 8.3; https://docs.camunda.io/docs/components/modeler/dmn/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from zeebe_fleet.bpmn.tooling.decision_facts import DecisionFacts, facts_of
from zeebe_fleet.bpmn.tooling.document import Element, line_of
from zeebe_fleet.bpmn.tooling.markup import MAX_BYTES, problem_of
from zeebe_fleet.engine import dmn
from zeebe_fleet.engine.model import Problem, Refused
from zeebe_fleet.workers.contract.bounded import content_of
from zeebe_fleet.workers.contract.errors import DefinitionError

Id = tuple[str, str]
"""Of a decision, or of the requirements that a file of them is: what it is, and its id."""
_TOLD = 5
"""Problems of one file."""


@dataclass(frozen=True, slots=True)
class DecisionFile:
    """A file of decisions.

    Args:
        file: where it is.
        content: as it is deployed: in UTF-8, line for line.
        requirements_id: of all its decisions together.
        decisions: what it decides, by id, in the file's order.
        problems: for which the engine refuses it.
    """

    file: Path
    content: bytes
    requirements_id: str = ""
    decisions: Mapping[str, DecisionFacts] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def ids(self) -> tuple[Id, ...]:
        """What the engine knows of it by an id: the file's own first."""
        return ("requirements", self.requirements_id), *(("decision", name) for name in self.decisions)

    def check(self) -> None:
        """See that the engine takes it.

        Raises:
            DefinitionError: it does not, in its own words, with lines.
        """
        if self.problems:
            first, *others = self.problems[:_TOLD]
            told = "; ".join([first.error, *(f"line {one.line}: {one.error}" for one in others)])
            raise DefinitionError(f"{self.file}:{first.line}: {told}", "Correct the decision in the modeler.")


def decisions_of(folder: Path) -> dict[str, DecisionFile]:
    """Read the decisions of a package's folder, by file name.

    Raises:
        DefinitionError: one cannot be read, or the engine refuses it.
    """
    found = {file.name: read_decisions(file) for file in sorted(folder.glob("*.dmn"))}
    for one in found.values():
        one.check()
    return found


def read_decisions(file: Path) -> DecisionFile:
    """Read a file of decisions; what the engine refuses of it is among its problems.

    Raises:
        DefinitionError: it cannot be opened, is larger than any engine takes, or has a DTD.
    """
    return decisions_in(content_of(file, MAX_BYTES, "Let it be read, or take it away."), file)


def decisions_in(content: bytes, file: Path) -> DecisionFile:
    """Read the text of a file of decisions.

    Raises:
        DefinitionError: it is larger than any engine takes, or has a DTD.
    """
    if problem := problem_of(content):
        line, what, _ = problem
        raise DefinitionError(f"{file}:{line}: {what}.", "Cut it into several files, without a DTD.")
    read: dmn.Requirements | None = None
    problems: tuple[Problem, ...] = ()
    try:
        read = dmn.read(file.name, content)
    except Refused as refused:
        problems = refused.problems
    root = _tree(content)
    if root is None:
        return DecisionFile(file, content, problems=problems or (Problem(1, "", "It is not well-formed XML."),))
    requirements_id = read.requirements_id if read else root.get("id", "")
    return DecisionFile(file, _written(root), requirements_id, facts_of(root), problems)


def check_unique(files: Iterable[DecisionFile]) -> None:
    """See that each decision, and each file of them, has an id of its own: the engine has one of each name.

    Raises:
        DefinitionError: two have the same.
    """
    seen: dict[Id, Path] = {}
    for one in files:
        for key in one.ids:
            if (other := seen.setdefault(key, one.file)) != one.file:
                told = f"{one.file}: its {key[0]} id {key[1]!r} is in {other} already."
                raise DefinitionError(told, "Give each an id of its own.")


def _written(root: Element) -> bytes:
    """Return a file as it is deployed: in UTF-8, and the outermost element where it was."""
    declared, _, text = etree.tostring(root, encoding="UTF-8", xml_declaration=True).partition(b"\n")
    return declared + b"\n" * (line_of(root) - 1) + text


def _tree(content: bytes) -> Element | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        return None
