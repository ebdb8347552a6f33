"""The decisions of a package's folder, as far as lint meets them.

Source: DMN 1.3, 6.3.7 and 8.3; https://docs.camunda.io/docs/components/modeler/dmn/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from zeebe_fleet.bpmn.tooling.document import Element, kind, line_of
from zeebe_fleet.bpmn.tooling.feel_reads import reads_of, reads_of_tests
from zeebe_fleet.bpmn.tooling.markup import MAX_BYTES, problem_of
from zeebe_fleet.engine.feel import FeelSyntaxError
from zeebe_fleet.workers.contract.bounded import content_of
from zeebe_fleet.workers.contract.errors import DefinitionError

_NOT_FEEL = ("juel", "javascript", "groovy", "python")


@dataclass(frozen=True, slots=True)
class DecisionFile:
    """A file of decisions.

    Args:
        file: where it is.
        decisions: their ids.
        wrong: lines of what is no FEEL, each with the element it stands in, and what is wrong.
    """

    file: Path
    decisions: tuple[str, ...]
    wrong: tuple[tuple[int, str, str], ...]


def decisions_of(folder: Path) -> list[DecisionFile]:
    """Read the decisions of a folder.

    Raises:
        DefinitionError: one cannot be read.
    """
    return [_read(file) for file in sorted(folder.glob("*.dmn"))]


def _read(file: Path) -> DecisionFile:
    content = content_of(file, MAX_BYTES, "")
    if problem := problem_of(content):
        line, what, suggestion = problem
        raise DefinitionError(f"{file}:{line}: {what}.", suggestion)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        told = f"{file}:{error.lineno or 1}: not well-formed XML: {error.msg}."
        raise DefinitionError(told, "Export the decision again from the modeler.") from None
    decisions = [one for one in root.iter(etree.Element) if kind(one) == "decision"]
    wrong = [fault for decision in decisions for fault in _wrong(decision)]
    return DecisionFile(file, tuple(one.get("id", "") for one in decisions), tuple(wrong))


def _wrong(decision: Element) -> Iterator[tuple[int, str, str]]:
    for text in decision.iter("{*}text"):
        around = text.getparent()
        written = (text.text or "").strip()
        if around is None or not written or around.get("expressionLanguage", "feel").lower() in _NOT_FEEL:
            continue
        try:
            (reads_of_tests if kind(around) == "inputEntry" else reads_of)(written.removeprefix("="))
        except FeelSyntaxError as error:
            if kind(around) in ("inputEntry", "outputEntry", "inputExpression", "literalExpression"):
                yield line_of(text), around.get("id") or decision.get("id") or "", f"{written!r} is no FEEL: {error}"
