"""A case definition, read: from its folder, or as data out of an artifact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from zeebe_fleet.bpmn.tooling import contents
from zeebe_fleet.bpmn.tooling.case.definition import CaseDefinition, HumanStep
from zeebe_fleet.bpmn.tooling.contents import check_contents
from zeebe_fleet.bpmn.tooling.form import form_of
from zeebe_fleet.bpmn.tooling.input_schema import check_schema
from zeebe_fleet.bpmn.tooling.yaml_lines import Lines, check_plain
from zeebe_fleet.bpmn.tooling.yaml_text import MAX_BYTES, place_of, yaml_of
from zeebe_fleet.workers.contract.bounded import content_of
from zeebe_fleet.workers.contract.errors import DefinitionError

CASE = contents.CASE
_TOLD = 20
"""Faults of one definition."""
_WORDS = {
    "extra_forbidden": "there is no such key",
    "missing": "it is missing",
    "tuple_type": "it is no list",
    "dict_type": "it has no keys",
    "model_type": "it has no keys",
    "mapping_type": "it has no keys",
    "string_type": "it is no text; in YAML, yes and no, numbers and dates are texts in quotes only",
}
_SEE = "See docs/reference/cases.md for what it may say."


@dataclass(frozen=True)
class CasePackage:
    """A case definition and where it is written."""

    folder: Path
    definition: CaseDefinition
    text: bytes

    @property
    def file(self) -> Path:
        """Where it is written."""
        return self.folder / CASE

    @cached_property
    def lines(self) -> Lines:
        """Where each part of it is written."""
        return Lines(self.text, str(self.file))


def case_folders(processes: Path) -> list[Path]:
    """Return the folders that hold a case definition."""
    return sorted(file.parent for file in processes.glob(f"*/{CASE}"))


def load_case(folder: Path) -> CasePackage:
    """Read the case definition of a folder.

    Raises:
        DefinitionError: it cannot be read, with file, line, and reason.
    """
    file = folder / CASE
    text = content_of(file, MAX_BYTES, f"A case definition is a folder with a {CASE}.")
    data = yaml_of(text, str(file))
    lines = Lines(text, str(file))
    check_plain(data, lambda path: f"{file}:{lines.of(path)}")
    check_contents(folder, {CASE})
    return CasePackage(folder, _read(data, str(file), lines), text)


def read_case(data: Any, where: str) -> CaseDefinition:
    """Read a case definition that is data already.

    Args:
        where: what a refusal begins with: the artifact.

    Raises:
        DefinitionError: it is none, with the field and the reason.
    """
    return _read(data, where, None)


def _read(data: Any, where: str, lines: Lines | None) -> CaseDefinition:
    try:
        definition = CaseDefinition.model_validate(data)
    except ValidationError as error:
        faults = _first_of_all(error)
        told = [_told(one, lines) for one in faults[:_TOLD]]
        line = f":{lines.of(_path(faults[0]['loc']))}" if lines else ""
        raise DefinitionError(f"{where}{line}: {'; '.join(told)}.", _SEE) from None
    line = f":{lines.of(('input',))}" if lines and definition.input else ""
    check_schema(definition.input, f"{where}{line}: input")
    for number, step in enumerate(definition.steps):
        if isinstance(step, HumanStep):
            line = f":{lines.of(('steps', number))}" if lines else ""
            _check_human(step, f"{where}{line}: step {step.id!r}")
    return definition


def _first_of_all(error: ValidationError) -> list[Mapping[str, Any]]:
    """Return what is wrong, but for lists that are too short only because what they hold was refused."""
    faults = error.errors(include_input=False, include_url=False)
    holders = {one["loc"][:depth] for one in faults for depth in range(len(one["loc"]))}
    return [one for one in faults if one["type"] != "too_short" or one["loc"] not in holders]


def _told(error: Mapping[str, Any], lines: Lines | None) -> str:
    path = _path(error["loc"])
    named = place_of(path) or "the definition"
    at = f"line {lines.of(path)}, " if lines else ""
    return f"{at}{named}: {_WORDS.get(error['type'], error['msg'].removeprefix('Value error, '))}"


def _path(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Leave out the kind of a step, by which it is told apart from the others, and what says that a key is meant."""
    kinds = [part for nth, part in enumerate(loc) if not (nth == 2 and loc[0] == "steps") and part != "[key]"]
    return tuple(kinds)


def _check_human(step: HumanStep, where: str) -> None:
    if step.form and step.fields:
        raise DefinitionError(f"{where}: it has a form and fields.", "Keep one of them.")
    form_of(json.dumps(form_as_shown(step)), f"{where}: its form")
    for action in step.actions:
        check_schema(action.data, f"{where}: action {action.id!r}: data")


def form_as_shown(step: HumanStep) -> dict[str, Any]:
    """Return a human step's form, with its prompt above what is filled in."""
    form = {"type": "default", "id": step.id, "schemaVersion": 18, **step.form}
    components = form.get("components", list(step.fields))
    if step.prompt and isinstance(components, list):
        components = [{"type": "text", "id": f"{step.id}_prompt", "text": step.prompt}, *components]
    return {**form, "components": components}
