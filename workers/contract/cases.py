"""What the fleet must know of a case: the words its workflows carry, how one goes on, and where definitions come from.

`bpmn.tooling.case` reads definitions and walks them; `workers.generic_case` does the jobs of the process that runs
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from zeebe_fleet.workers.contract.errors import PermanentError
from zeebe_fleet.workers.contract.job import Job, JobKey
from zeebe_fleet.workers.contract.outcomes import Complete, HandBack, Outcome, ThrowError

GENERIC_CASE = "generic_case"
"""Name of the process that runs cases."""
HUMAN_STEP = "human_step"
SYSTEM_STEP = "system_step"
"""Its elements for what people and workers do."""
PROCESS_NAME = "process_name"
PROCESS_VERSION = "process_version"
"""Variables that a case is started with."""
CASE_DEFINITION = "case_definition"
"""Variable: which definition the case goes by, as name, version and SHA-256."""
CASE_STEP = "case_step"
"""Variable: the step it is in, as far as the engine must know it."""
CASE_MOVE = "case_move"
"""Variable: the transition that was taken last."""
CASE_ACTION = "case_action"
"""Variable: the action that a person chose last."""
CASE_STATUS = "case_status"
"""Variable: what the case came to."""
CASE_VARIABLES = (PROCESS_NAME, PROCESS_VERSION, CASE_DEFINITION, CASE_STEP, CASE_MOVE, CASE_ACTION, CASE_STATUS)
"""Set by the fleet: nobody fills them in."""

Variables = Mapping[str, Any]


def check_outcome(job: Job, outcome: Outcome | HandBack) -> None:
    """See that the job of a case's step moves the case by its end alone.

    Raises:
        PermanentError: it gives variables that the fleet sets itself.
    """
    if job.element_id != SYSTEM_STEP or job.process_name != GENERIC_CASE:
        return
    given = outcome.variables if isinstance(outcome, Complete | ThrowError) else {}
    if taken := ", ".join(sorted(given.keys() & set(CASE_VARIABLES))):
        raise PermanentError(
            f"A {job.type!r} job of a case returned {taken}, which the fleet sets itself.",
            "Return it under another name.",
        )


@dataclass(frozen=True, slots=True)
class CaseReference:
    """Exactly one definition: its content is what the hash says."""

    name: str
    version: str
    sha256: str

    @classmethod
    def of(cls, value: Any) -> CaseReference | None:
        """Read the variable; None when it is none."""
        if not isinstance(value, Mapping):
            return None
        parts = [part for key in ("name", "version", "sha256") if isinstance(part := value.get(key), str)]
        return cls(*parts) if len(parts) == len(value) == 3 else None

    def to_json(self) -> dict[str, str]:
        """Return the variable."""
        return {"name": self.name, "version": self.version, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class OfferedAction:
    """Something a person can decide in an activity."""

    id: str
    label: str
    data: Mapping[str, Any]
    """JSON Schema of what must be filled in for it."""

    def to_json(self) -> dict[str, Any]:
        """Return the shape kept with an activity."""
        return {"id": self.id, "label": self.label, "data": dict(self.data)}


@dataclass(frozen=True, slots=True)
class CaseWork:
    """A human step as its activity shows it."""

    name: str
    form: Mapping[str, Any]
    actions: Sequence[OfferedAction]


@dataclass(frozen=True, slots=True)
class CaseNode:
    """A step as it is drawn."""

    id: str
    name: str
    kind: str
    status: str | None
    """Of a final step."""


@dataclass(frozen=True, slots=True)
class CaseWay:
    """A transition as it is drawn."""

    source: str
    on: str
    label: str
    """Of the action, or what it is taken after."""
    target: str


@dataclass(frozen=True, slots=True)
class CaseGraph:
    """A definition as it is drawn."""

    steps: Sequence[CaseNode]
    ways: Sequence[CaseWay]


@dataclass(frozen=True, slots=True)
class JobEnd:
    """What the records have of the job of a system step."""

    result: Variables | None
    error_code: str | None


class Case(Protocol):
    """A definition as it is walked. Each move returns the variables that lead the process on.

    Raises:
        PermanentError: the definition has no such way, or what it says fails.
    """

    def begin(self, variables: Variables) -> dict[str, Any]:
        """Enter the first step."""

    def act(self, step_id: str, action: str | None, variables: Variables) -> dict[str, Any]:
        """Leave a human step."""

    def go_on(self, step_id: str, variables: Variables, end: JobEnd | None) -> dict[str, Any]:
        """Leave a system step whose job went well."""

    def catch(self, step_id: str, variables: Variables, end: JobEnd | None) -> dict[str, Any]:
        """Leave a system step whose job ended in a business error."""

    def decide(self, step_id: str, variables: Variables) -> dict[str, Any]:
        """Leave a decision."""

    def commit(self, step_id: str) -> dict[str, Any]:
        """End the case."""

    def work(self, step_id: str) -> CaseWork:
        """Return what a person is shown."""

    def graph(self) -> CaseGraph:
        """Return its steps and transitions as they are drawn."""


class Cases(Protocol):
    """Where definitions of cases come from, and what the records have of their jobs."""

    async def fetch(
        self, workflow_id: UUID, name: str, version: str, variables: Variables
    ) -> tuple[CaseReference, Case]:
        """Fetch exactly that artifact from the store, verify it, keep it in the records, and note it at the workflow.

        Where the store is away, what the records keep of it does as well.

        Raises:
            PermanentError: there is none, it was changed, nobody may publish it, or the variables do not fit it.
            TransientError: it can be had neither from the store nor from the records.
        """

    async def case(self, reference: CaseReference) -> Case:
        """Return the definition that a case goes by, out of the records.

        Raises:
            PermanentError: they do not have it, or another under its name.
        """

    async def graph(self, reference: CaseReference) -> CaseGraph:
        """Return a definition as it is drawn, out of the records.

        Raises:
            PermanentError: they do not have it.
        """

    async def job_end(self, workflow_id: UUID, before: JobKey) -> JobEnd | None:
        """Return how the job ended that was done before this one; None when it was no worker of the fleet's."""
