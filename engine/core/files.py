"""The files of a deployment, each read by its ending: processes, decisions, forms.

Source: https://docs.camunda.io/docs/apis-tools/zeebe-api/gateway-service/#deployresource-rpc
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zeebe_fleet.engine import dmn
from zeebe_fleet.engine.core import forms
from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.model import MAX_NEW_ELEMENTS, MAX_TOLD, Model, Refused, error_text, read, unknown_type_text

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.state import State
    from zeebe_fleet.engine.model.elements import Element

INTENT = "CREATE"
_MOST_TAGS = 3 * MAX_NEW_ELEMENTS
"""Of all files together: they are read while everybody waits."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a deployment; one of its three parts is there."""

    name: str
    content: bytes
    model: Model | None = None
    requirements: dmn.Requirements | None = None
    form: tuple[str, str] | None = None
    """Id and version tag."""

    def names(self) -> Iterator[tuple[str, str]]:
        """Yield what is in it, as kind and id."""
        if self.model is not None:
            yield from (("process", one.id) for one in self.model.processes)
        if self.requirements is not None:
            yield "decision requirements", self.requirements.requirements_id
            yield from (("decision", one) for one in self.requirements.decisions)
        if self.form is not None:
            yield "form", self.form[0]


def files_of(state: State, resources: Sequence[tuple[str, bytes]]) -> list[File]:
    """Read all files of a deployment.

    Raises:
        Rejected: some are refused, with all that is wrong with each.
    """
    if sum(content.count(b"<") for _, content in resources) > _MOST_TAGS:
        raise Rejected(
            "INVALID_ARGUMENT",
            f"Expected to deploy new resources, but they have more than {_MOST_TAGS} tags; deploy fewer at once",
            INTENT,
        )
    found: list[File] = []
    refusals: list[str] = []
    for name, content in resources:
        try:
            found.append(_file(state, name, content))
        except Refused as refused:
            refusals.append(str(refused))
    if refusals:
        raise _refused("\n".join(refusals))
    _require_single(found)
    return found


def _refused(told: str) -> Rejected:
    words = f"Expected to deploy new resources, but encountered the following errors:\n{told}"
    return Rejected("INVALID_ARGUMENT", words, INTENT)


def _file(state: State, name: str, content: bytes) -> File:
    if name.endswith(".dmn"):
        return File(name, content, requirements=dmn.read(name, content, MAX_NEW_ELEMENTS))
    if name.endswith(".form"):
        return File(name, content, form=forms.head_of(name, content))
    if name.endswith((".bpmn", ".xml")):
        return File(name, content, model=_model(state, name, content))
    raise Refused(unknown_type_text(name))


def _model(state: State, name: str, content: bytes) -> Model:
    model = read(name, content, MAX_NEW_ELEMENTS)
    wrong = [
        (element.id, [_not_yet(what, element)])
        for process in model.processes
        for element in process.elements.values()
        if (what := _unknown(state, element))
    ]
    wrong += [(path, list(told)) for path, told in model.unfit[:MAX_TOLD]]
    if wrong:
        raise Refused(error_text(name, wrong))
    return model


def _unknown(state: State, element: Element) -> str:
    """Name what the engine doesn't run of an element; empty when it runs all of it."""
    if element.tag == "adHocSubProcess" and element.job is not None:
        return "adHocSubProcess whose activities a job chooses"
    if (element.tag, element.event_name) in state.behaviours:
        return ""
    return f"{element.tag} with a {element.event_name} event" if element.event is not None else element.tag


def _not_yet(what: str, element: Element) -> str:
    instead = _INSTEAD.get(element.tag, "another element")
    return (
        f"This engine does not run a {what} yet (line {element.line}). Use {instead}, "
        f"or Camunda 8 itself by FLEET_ENGINE=docker or remote."
    )


_INSTEAD = {
    "adHocSubProcess": "an activeElementsCollection",
    "startEvent": "a none start event",
}


def _require_single(files: Sequence[File]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for file in files:
        for kind, name in file.names():
            other = seen.setdefault((kind, name), file.name)
            if other != file.name:
                raise _refused(f"Duplicated {kind} id in resources '{other}' and '{file.name}'")
