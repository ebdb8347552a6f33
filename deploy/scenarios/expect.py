"""What an assertion expects, held against what is seen; a value that says what differs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from zeebe_fleet.bpmn.tooling.scenarios import instructions as say
from zeebe_fleet.bpmn.tooling.scenarios import selectors as select
from zeebe_fleet.workers.contract.cases import CASE_STATUS, CASE_STEP
from zeebe_fleet.workers.contract.engine_view import EngineElement, EngineIncident, InstanceView

_LONGEST = 400
_STATES = {"IS_ACTIVE": "ACTIVE", "IS_COMPLETED": "COMPLETED", "IS_TERMINATED": "TERMINATED"}


@dataclass(frozen=True, slots=True)
class Difference:
    """What was expected, and what there is instead."""

    expected: str
    seen: str
    hint: str = ""
    is_final: bool = False
    """Whether it will not go away, however long one waits."""


def of_instance(asked: say.AssertProcessInstance, view: InstanceView) -> Difference | None:
    """Compare the state of an instance."""
    state = _STATES.get(asked.state or "")
    if state is not None and view.state != state:
        return Difference(f"the instance is {state}", f"it is {view.state}")
    stuck = open_incidents(view)
    if asked.has_active_incidents is not None and asked.has_active_incidents != bool(stuck):
        seen = "; ".join(f"{one.element_id}: {shown(one.message)}" for one in stuck) or "none"
        return Difference("an incident" if asked.has_active_incidents else "no incident", seen)
    return None


def of_element(asked: say.AssertElementInstance, view: InstanceView) -> Difference | None:
    """Compare how often an element is in a state."""
    state = _STATES[asked.state]
    found = [one for one in view.elements if names(asked.element_selector, one)]
    count = sum(one.state == state for one in found)
    if count == asked.amount:
        return None
    seen = ", ".join(one.state for one in found) or "it was never entered"
    return Difference(f"{told(asked.element_selector)} is {state} {asked.amount} ×", seen)


def of_elements(asked: say.AssertElementInstances, view: InstanceView) -> Difference | None:
    """Compare the states of elements."""
    match asked.state:
        case "IS_COMPLETED_IN_ORDER":
            return _in_order(asked.element_selectors, view)
        case "IS_NOT_ACTIVE":
            wrong = [one for one in asked.element_selectors if _has(one, view, "ACTIVE")]
            return _unlike(wrong, "not active", "active") if wrong else None
        case "IS_NOT_ACTIVATED":
            wrong = [one for one in asked.element_selectors if _has(one, view)]
            return _unlike(wrong, "never entered", "entered") if wrong else None
    state = _STATES["IS_ACTIVE" if asked.state == "IS_ACTIVE_EXACTLY" else asked.state]
    wrong = [one for one in asked.element_selectors if not _has(one, view, state)]
    if wrong:
        states = (f"{told(one)}: {_all_states(one, view)}" for one in wrong)
        return Difference(
            f"{', '.join(map(told, wrong))} {'is' if len(wrong) == 1 else 'are'} {state}", "; ".join(states)
        )
    active = [one for one in view.elements if one.state == "ACTIVE"]
    others = [one.element_id for one in active if not any(names(each, one) for each in asked.element_selectors)]
    if asked.state == "IS_ACTIVE_EXACTLY" and others:
        return Difference("nothing else is active", f"{', '.join(others)} too")
    return None


def of_variables(asked: say.AssertVariables, view: InstanceView) -> Difference | None:
    """Compare variables with their values."""
    scopes = {view.process_instance_key}
    if asked.element_selector is not None:
        scopes = {one.key for one in view.elements if names(asked.element_selector, one)}
    there = {one.name: one.value for one in view.variables if one.scope_key in scopes}
    cut = [one.name for one in view.variables if one.scope_key in scopes and one.is_cut and one.name in asked.variables]
    if cut:
        return Difference(f"{cut[0]} to compare", "it is longer than searches show", "Assert its name alone.")
    missing = [one for one in (*asked.variable_names, *asked.variables) if one not in there]
    if missing:
        return Difference(f"variables {', '.join(missing)}", f"there are {', '.join(sorted(there)) or 'none'}")
    for name, value in asked.variables.items():
        if not same(value, _value(there[name])):
            return Difference(f"{name} = {shown(json.dumps(value))}", f"{name} = {shown(there[name])}")
    return None


def of_compensation(undone: Sequence[str], handlers: Mapping[str, str], view: InstanceView) -> Difference | None:
    """Compare which activities were undone, and in which order.

    Args:
        undone: ids of the activities.
        handlers: compensation handler → the activity that it undoes.
    """
    ran = [one for one in sorted(view.elements, key=_ended) if one.element_id in handlers and one.state == "COMPLETED"]
    seen = [handlers[one.element_id] for one in ran]
    if seen == list(undone):
        return None
    return Difference(f"undone: {' → '.join(undone) or 'nothing'}", f"undone: {' → '.join(seen) or 'nothing'}")


def of_decision(asked: say.AssertDecision, decided: Sequence[Mapping[str, Any]]) -> Difference | None:
    """Compare what the newest evaluation of a decision came to."""
    wanted = asked.decision_selector
    fitting = [
        one
        for one in decided
        if wanted.decision_definition_id in (None, one["decisionDefinitionId"])
        and wanted.decision_definition_name in (None, one["decisionDefinitionName"])
    ]
    if not fitting:
        hint = "Begin with EVALUATE_DECISION; what a process decided is in the variable that it sets."
        return Difference(f"{told(wanted)} was made", "this case has not made it", hint)
    output, rules = _value(fitting[-1]["output"]), [int(one["ruleIndex"]) for one in fitting[-1]["matchedRules"]]
    if "output" in asked.model_fields_set and not same(asked.output, output):
        return Difference(f"output {shown(json.dumps(asked.output))}", shown(json.dumps(output)))
    matched = ", ".join(map(str, rules)) or "none"
    if missing := sorted(set(asked.matched_rules or ()) - set(rules)):
        return Difference(f"rules {', '.join(map(str, missing))} matched", f"matched: {matched}")
    if wrong := sorted(set(asked.not_matched_rules) & set(rules)):
        return Difference(f"rules {', '.join(map(str, wrong))} did not match", f"matched: {matched}")
    return Difference("no rule matched", f"matched: {matched}") if asked.no_matched_rules and rules else None


def of_case(asked: say.AssertCase, view: InstanceView, entered: Sequence[str]) -> Difference | None:
    """Compare where a case is, what it came to, and its way there.

    Args:
        entered: ids of its steps, in order.
    """
    step, status = step_of(view), _own(view).get(CASE_STATUS)
    if asked.step is not None and asked.step != step:
        return Difference(f"the case is in step {asked.step}", f"it is in {step}")
    if asked.status is not None and asked.status != status:
        return Difference(f"the case is {asked.status}", f"it is {status or f'in step {step}'}")
    if asked.path is not None and list(asked.path) != list(entered):
        return Difference(" → ".join(asked.path), " → ".join(entered) or "no step was entered")
    return None


def step_of(view: InstanceView) -> str:
    """Return the step that a case is in; empty before its first."""
    step = _own(view).get(CASE_STEP)
    return str(step.get("id", "")) if isinstance(step, dict) else ""


def _own(view: InstanceView) -> dict[str, Any]:
    return {one.name: _value(one.value) for one in view.variables if one.scope_key == view.process_instance_key}


def of_user_task(asked: say.AssertUserTask, found: Sequence[Mapping[str, Any]]) -> Difference | None:
    """Compare the newest activity."""
    if not found:
        return Difference(f"a user task {told(asked.user_task_selector)}", "there is none")
    newest = found[-1]
    states = {
        "IS_CREATED": ("OPEN", "CLAIMED"),
        "IS_COMPLETED": ("COMPLETED",),
        "IS_CANCELED": ("CANCELLED", "TOO_LATE"),
    }
    if asked.state is not None and newest["state"] not in states[asked.state]:
        return Difference(f"{newest['elementId']} {asked.state}", f"it is {newest['state']}")
    if asked.candidate_groups is not None and set(asked.candidate_groups) != set(newest["candidateGroups"]):
        return Difference(f"candidate groups {list(asked.candidate_groups)}", f"{newest['candidateGroups']}")
    for name, wanted in (("dueAt", asked.due_date), ("followUpAt", asked.follow_up_date)):
        if wanted is not None and not _same_moment(wanted, newest[name]):
            return Difference(f"{name} {wanted}", f"{newest[name] or 'none'}")
    plain = {"assignee": asked.assignee, "priority": asked.priority, "elementId": asked.element_id, "name": asked.name}
    for name, value in plain.items():
        if value is not None and newest[name] != value:
            return Difference(f"{name} {value!r}", f"{newest[name]!r}")
    return None


def open_incidents(view: InstanceView) -> list[EngineIncident]:
    """Return the incidents that hold an instance."""
    return [one for one in view.incidents if one.state == "ACTIVE"]


def path_of(view: InstanceView) -> str:
    """Return the elements of an instance in the order in which they were entered."""
    marks = {"ACTIVE": " (active)", "TERMINATED": " (terminated)"}
    steps = sorted((one for one in view.elements if one.kind != "PROCESS"), key=lambda one: one.key)
    return " → ".join(f"{one.element_id}{marks.get(one.state, '')}" for one in steps) or "nothing was entered"


def names(selector: select.ElementSelector, element: EngineElement) -> bool:
    """Tell whether a selector names an element."""
    return selector.element_id in (None, element.element_id) and selector.element_name in (None, element.name)


def told(selector: object) -> str:
    """Return a selector in few words."""
    said = [value for _, value in selector if value] if isinstance(selector, select.Selector) else [selector]
    return " ".join(map(str, said))


def shown(text: str) -> str:
    """Return text that fits a line."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def same(one: Any, other: Any) -> bool:
    """Tell whether two values of JSON are equal; 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:  # cut
        return text


def _same_moment(wanted: str, seen: str | None) -> bool:
    return seen is not None and datetime.fromisoformat(wanted) == datetime.fromisoformat(seen)


def _in_order(selectors: Sequence[select.ElementSelector], view: InstanceView) -> Difference | None:
    done = sorted((one for one in view.elements if one.state == "COMPLETED"), key=_ended)
    left = list(selectors)
    for one in done:
        if left and names(left[0], one):
            left.pop(0)
    if not left:
        return None
    wanted = " → ".join(map(told, selectors))
    order = " → ".join(one.element_id for one in done)
    return Difference(f"completed in order: {wanted}", f"{told(left[0])} was not, in {order or 'nothing'}")


def _ended(element: EngineElement) -> tuple[float, int]:
    return (element.ended_at.timestamp() if element.ended_at else float("inf"), element.key)


def _has(selector: select.ElementSelector, view: InstanceView, state: str = "") -> bool:
    return any(names(selector, one) and state in ("", one.state) for one in view.elements)


def _all_states(selector: select.ElementSelector, view: InstanceView) -> str:
    return ", ".join(one.state for one in view.elements if names(selector, one)) or "never entered"


def _unlike(wrong: Sequence[select.ElementSelector], expected: str, seen: str) -> Difference:
    which = ", ".join(map(told, wrong))
    return Difference(f"{which}: {expected}", f"{which}: {seen}")
