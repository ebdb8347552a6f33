"""A case definition as it is walked: what comes after what, and what the engine must know of the step that comes.

Every move returns variables: `case_step` for the gateway and the tasks of the process, `case_move` for the records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from zeebe_fleet.bpmn.tooling.case.definition import (
    CaseDefinition,
    DecisionStep,
    FinalStep,
    HumanStep,
    Step,
    SystemStep,
    Transition,
)
from zeebe_fleet.bpmn.tooling.case.expressions import Expressions
from zeebe_fleet.bpmn.tooling.case.reading import form_as_shown, read_case
from zeebe_fleet.workers.contract.cases import (
    CASE_ACTION,
    CASE_MOVE,
    CASE_STATUS,
    CASE_STEP,
    CaseGraph,
    CaseNode,
    CaseWay,
    CaseWork,
    JobEnd,
    OfferedAction,
    Variables,
)
from zeebe_fleet.workers.contract.errors import PermanentError

S = TypeVar("S", HumanStep, SystemStep, DecisionStep, FinalStep)
MAX_MOVES = 10_000
"""Of one case: one that makes more goes round in circles."""


class CaseWalk:
    """One definition; any number of cases walk it.

    Args:
        definition: as read.
        now_ms: the time that expressions see, in milliseconds since 1970.
    """

    def __init__(self, definition: CaseDefinition, now_ms: Callable[[], int] | None = None) -> None:
        self.definition = definition
        self._where = f"Case {definition.name} {definition.version}"
        self._now_ms = now_ms

    def begin(self, variables: Variables) -> dict[str, Any]:
        """Enter the first step."""
        first = self.definition.steps[0]
        return self._enter(first, variables, {"from": None, "on": "", "to": first.id}, 1)

    def act(self, step_id: str, action: str | None, variables: Variables) -> dict[str, Any]:
        """Leave a human step by the action that was chosen."""
        step = self._step(step_id, HumanStep)
        offered = [one.id for one in step.actions]
        chosen = action if action is not None or len(offered) > 1 else offered[0]
        if chosen not in offered:
            said = f"Action {chosen!r}" if chosen is not None else "No action"
            raise self._wrong(f"{said} was chosen in step {step_id!r}, which offers {', '.join(offered)}")
        return self._move(step, chosen, variables)

    def go_on(self, step_id: str, variables: Variables, end: JobEnd | None) -> dict[str, Any]:
        """Leave a system step whose job went well."""
        step = self._step(step_id, SystemStep)
        if step.result is None:
            return self._move(step, "", variables)
        if end is None:
            raise self._wrong(
                f"Step {step_id!r} keeps what its job returned in {step.result!r}, which the records do not have",
                "Have a worker of the fleet do the job, or leave `result` out.",
            )
        returned = {step.result: dict(end.result or {})}
        return {**returned, **self._move(step, "", {**variables, **returned})}

    def catch(self, step_id: str, variables: Variables, end: JobEnd | None) -> dict[str, Any]:
        """Leave a system step whose job ended in a business error."""
        step = self._step(step_id, SystemStep)
        declared = self.definition.errors_of(step)
        code = end.error_code if end else (declared[0] if len(declared) == 1 else None)
        if code is None:
            raise self._wrong(
                f"The job of step {step_id!r} ended in a business error whose code the records do not have",
                "Have a worker of the fleet do the job, or declare one error of its job type alone.",
            )
        return self._move(step, code, variables)

    def decide(self, step_id: str, variables: Variables) -> dict[str, Any]:
        """Leave a decision by the first condition that is true."""
        step = self._step(step_id, DecisionStep)
        expressions = self._expressions(variables)
        what = f"the condition of step {step_id!r}"
        met = (one.outcome for one in step.conditions if expressions.is_true(one.when, what))
        outcome = next(met, step.default)
        if outcome is None:
            raise self._wrong(f"No condition of step {step_id!r} is true, and it has no default")
        return self._move(step, outcome, variables)

    def commit(self, step_id: str) -> dict[str, Any]:
        """End the case with the status of its final step."""
        return {CASE_STATUS: self._step(step_id, FinalStep).status}

    def work(self, step_id: str) -> CaseWork:
        """Return what a person is shown in a human step."""
        step = self._step(step_id, HumanStep)
        actions = [OfferedAction(one.id, one.label or one.id.capitalize(), one.data) for one in step.actions]
        return CaseWork(step.title, form_as_shown(step), actions)

    def graph(self) -> CaseGraph:
        """Return its steps and transitions as they are drawn."""
        nodes = [CaseNode(one.id, one.title, one.kind, getattr(one, "status", None)) for one in self.definition.steps]
        ways = [CaseWay(one.source, one.on, self._label(one), one.to) for one in self.definition.transitions]
        return CaseGraph(nodes, ways)

    def _label(self, way: Transition) -> str:
        step = self.definition.by_id.get(way.source)
        actions = step.actions if isinstance(step, HumanStep) else ()
        said = way.error.lower() if way.error else way.on
        return next((one.label for one in actions if one.id == way.on and one.label), said.replace("_", " "))

    def way(self, step_id: str, on: str) -> Transition:
        """Return the transition that leaves a step after an action, an outcome, an error, or a job (`""`).

        Raises:
            PermanentError: there is none.
        """
        found = self.definition.ways.get((step_id, on))
        if found is None:
            after = f" after {on!r}" if on else ""
            raise self._wrong(f"No transition leaves step {step_id!r}{after}")
        return found

    def _move(self, step: Step, on: str, variables: Variables) -> dict[str, Any]:
        way = self.way(step.id, on)
        at = variables.get(CASE_STEP)
        number = int(at.get("number", 0)) + 1 if isinstance(at, Mapping) else 1
        if number > MAX_MOVES:
            raise self._wrong(f"The case made more than {MAX_MOVES:,} moves: it goes round in circles")
        chosen = {CASE_ACTION: on} if isinstance(step, HumanStep) else {}
        following = self._known(way.to)
        return chosen | self._enter(following, variables, {"from": step.id, "on": on, "to": way.to}, number)

    def _enter(self, step: Step, variables: Variables, move: Mapping[str, Any], number: int) -> dict[str, Any]:
        facts: dict[str, Any] = {"id": step.id, "name": step.title, "kind": step.kind, "number": number}
        beside: dict[str, Any] = {}
        expressions = self._expressions(variables)
        if isinstance(step, HumanStep):
            due = expressions.moment(step.due, f"when step {step.id!r} is due,") if step.due else None
            facts |= {
                "candidate_groups": expressions.names(step.candidate_groups, f"a group of step {step.id!r},"),
                "candidate_users": expressions.names(step.candidate_users, f"a person of step {step.id!r},"),
                "due_at": due,
            }
            beside = {CASE_ACTION: None}
        elif isinstance(step, SystemStep):
            facts |= {"job_type": step.job_type, "retries": step.retries}
            what = f"an input of step {step.id!r}"
            beside = {name: expressions.value(written, what) for name, written in step.inputs.items()}
        return {**beside, CASE_STEP: facts, CASE_MOVE: dict(move)}

    def _expressions(self, variables: Variables) -> Expressions:
        return Expressions(variables, self._where, self._now_ms)

    def _step(self, step_id: str, kind: type[S]) -> S:
        step = self._known(step_id)
        if not isinstance(step, kind):
            raise self._wrong(f"Step {step_id!r} is a {step.kind} step")
        return step

    def _known(self, step_id: str) -> Step:
        step = self.definition.by_id.get(step_id)
        if step is None:
            raise self._wrong(f"There is no step {step_id!r}")
        return step

    def _wrong(self, message: str, suggestion: str = "") -> PermanentError:
        return PermanentError(
            f"{self._where}: {message}.", suggestion or "Publish a corrected version, and start the case by it."
        )


def walk_of(data: Any, where: str) -> CaseWalk:
    """Return the walk of a definition that is data already.

    Raises:
        DefinitionError: it is none.
    """
    return CaseWalk(read_case(data, where))
