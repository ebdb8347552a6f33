"""A scenario file: `testCases[].instructions[]`, read so that whatever it cannot mean is refused with its line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from zeebe_fleet.bpmn.tooling.scenarios.instructions import Case, Instruction
from zeebe_fleet.bpmn.tooling.scenarios.json_text import MAX_BYTES, JsonText, Place, json_text
from zeebe_fleet.workers.contract.bounded import content_of
from zeebe_fleet.workers.contract.errors import DefinitionError

FOLDER = "scenarios"
"""Of a package, with its scenario files."""
SUPPORTED: Mapping[str, type[Instruction]] = {
    get_args(one.model_fields["type"].annotation)[0]: one for one in get_args(get_args(Case)[0])
}
"""Instructions by their type."""
OURS = frozenset(
    {
        "FAIL_JOB",
        "ASSERT_COMPENSATION",
        "CANCEL_PROCESS_INSTANCE",
        "CHOOSE_ACTION",
        "ASSERT_CASE",
        "ASSERT_ACTION_REFUSED",
    }
)
"""Types that Camunda Process Test has no name for."""
REFUSED: Mapping[str, str] = {
    "ASSERT_PROCESS_INSTANCE_MESSAGE_SUBSCRIPTION": "subscriptions are not searched; assert the element that waits",
    "COMPLETE_JOB_AD_HOC_SUB_PROCESS": "ad-hoc sub-processes with jobs are not run",
    "COMPLETE_JOB_USER_TASK_LISTENER": "user task listeners are not run",
    "CONDITIONAL_BEHAVIOR": "a case is one sequence; write a case for each course",
    "CORRELATE_MESSAGE": "use PUBLISH_MESSAGE, and assert what it leads to",
    "EVALUATE_CONDITIONAL_START_EVENT": "conditional start events are not run",
    "MOCK_CHILD_PROCESS": "the called process runs as it is; mock its jobs",
    "MOCK_DMN_DECISION": "decisions are made as they are; give what they read",
}
"""Types of Camunda Process Test that are not supported, and what to do."""
_CASE: TypeAdapter[Instruction] = TypeAdapter(Case)
_FILE_KEYS = frozenset({"$schema", "processId", "testCases"})
_CASE_KEYS = frozenset({"name", "description", "instructions", "metadata"})


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction and its line."""

    line: int
    instruction: Instruction


@dataclass(frozen=True, slots=True)
class TestCase:
    """One test case of a file."""

    __test__ = False

    file: Path
    line: int
    name: str
    description: str
    steps: Sequence[Step]

    @property
    def processes(self) -> frozenset[str]:
        """The processes that it names, or begins with."""
        names = ("process_definition_selector", "process_instance_selector")
        found = (getattr(step.instruction, name, None) for step in self.steps for name in names)
        return frozenset(selector.process_definition_id for selector in found if selector is not None)

    def wrong(self, step: Step, what: str, suggestion: str = "") -> DefinitionError:
        """Say what is wrong with an instruction, with file, line and type."""
        return DefinitionError(f"{self.file}:{step.line}: {step.instruction.type}: {what}.", suggestion)


def scenario_files(package: Path) -> list[Path]:
    """Return the scenario files of a package."""
    return sorted((package / FOLDER).glob("*.json"))


def read_scenarios(file: Path) -> list[TestCase]:
    """Read the test cases of a file.

    Raises:
        DefinitionError: it is none; with file, line, and the type or key that is not known.
    """
    content = content_of(file, MAX_BYTES, "Scenarios are JSON files in the package's folder `scenarios`.")
    return cases_of(json_text(content, str(file)), file)


def cases_of(text: JsonText, file: Path) -> list[TestCase]:
    """Read the test cases of JSON."""
    root = _object(text, (), text.content, _FILE_KEYS, "a scenario file")
    cases = [_case(text, ("testCases", index), one, file) for index, one in _each(text, (), root, "testCases")]
    named: set[str] = set()
    for one in cases:
        if one.name in named:
            raise DefinitionError(f"{file}:{one.line}: a second test case {one.name!r}.", "Name it otherwise.")
        named.add(one.name)
    return cases


def _case(text: JsonText, place: Place, given: Any, file: Path) -> TestCase:
    case = _object(text, place, given, _CASE_KEYS, "a test case")
    name, description = case.get("name"), case.get("description", "")
    if not isinstance(name, str) or not name.strip():
        raise text.wrong((*place, "name"), "a test case without a name", "Give it one: a text.")
    if not isinstance(description, str):
        raise text.wrong((*place, "description"), "the description is no text")
    steps = [_step(text, (*place, "instructions", i), one) for i, one in _each(text, place, case, "instructions")]
    return TestCase(file, text.line(place), name, description, steps)


def _step(text: JsonText, place: Place, given: Any) -> Step:
    if not isinstance(given, dict):
        raise text.wrong(place, "an instruction is an object with a type")
    kind = given.get("type")
    if not isinstance(kind, str) or kind not in SUPPORTED:
        raise _unknown(text, (*place, "type"), kind)
    try:
        return Step(text.line(place), _CASE.validate_json(json.dumps(given)))
    except ValidationError as error:
        raise _misfit(text, place, str(kind), error) from None


def _unknown(text: JsonText, place: Place, kind: Any) -> DefinitionError:
    if not isinstance(kind, str):
        return text.wrong(place, "an instruction without a type", "Give it one, as CREATE_PROCESS_INSTANCE.")
    if kind in REFUSED:
        return text.wrong(place, f"{kind} is not supported: {REFUSED[kind]}", "docs/how-to/scenarios.md has what is.")
    near = get_close_matches(kind, SUPPORTED, 1)
    suggestion = f"Did you mean {near[0]}?" if near else "docs/how-to/scenarios.md has the types that are."
    return text.wrong(place, f"there is no instruction {kind[:100]}", suggestion)


def _misfit(text: JsonText, place: Place, kind: str, error: ValidationError) -> DefinitionError:
    first = error.errors(include_url=False, include_context=False)[0]
    inner = tuple(one for one in first["loc"] if one != kind)
    where = ".".join(map(str, inner))
    match first["type"]:
        case "extra_forbidden":
            told = f"unknown key {where}"
        case "missing":
            told = f"{where} is missing"
        case _:
            told = f"{where}: {first['msg'].removeprefix('Value error, ')}" if where else first["msg"]
    allowed = (one.alias or name for name, one in SUPPORTED[kind].model_fields.items() if name != "type")
    return text.wrong((*place, *inner), f"{kind}: {told}", f"It has {', '.join(allowed)}.")


def _object(text: JsonText, place: Place, given: Any, keys: frozenset[str], what: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise text.wrong(place, f"{what} is an object")
    for key in given.keys() - keys:
        raise text.wrong((*place, key), f"unknown key {key[:100]!r} of {what}", f"It has {', '.join(sorted(keys))}.")
    return given


def _each(text: JsonText, place: Place, given: Mapping[str, Any], key: str) -> list[tuple[int, Any]]:
    found = given.get(key)
    if not isinstance(found, list) or not found:
        raise text.wrong((*place, key), f"{key} is missing, empty, or no list", f"Give it one: {key}: [ … ].")
    return list(enumerate(found))
