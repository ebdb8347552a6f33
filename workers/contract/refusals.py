"""What somebody who asks can be told instead of getting it: one class for each answer the API gives.

RequestRefused                  message and suggestion, nothing was changed
├── NotAllowed                  the principal may not do this
├── IdempotencyConflict         the key was used for another request
├── InvalidVariables            not what a process can be started with
├── UnknownProcess              no such process
├── UnknownProcessVersion       no such version of it, or not a version at all
├── VersionNotDeployed          published, and a start may not deploy it
├── ArtifactRefused             published, and not to be believed
├── ArtifactStoreAway           not known here, and nobody can be asked
├── WorkflowNotFound
├── WorkflowEnded               it is over already
├── WorkflowNotRerunnable        it runs, completed, was run again before, or is part of another
├── CannotGiveUp                it is none that failed for good, or is part of another
├── GiveUpPlanChanged           what was agreed to is not what would happen
├── ElementInstanceNotFound     no such element is under way in the workflow
├── NoOpenIncident              nothing to retry
├── EngineRefused               the engine said no, or nothing
├── ActivityNotFound            not there, or not for this principal's eyes
├── ActivityAlreadyClaimed      somebody else has it
├── ActivityNotClaimed          it is not the principal's to give back
├── ActivityClosed              completed, being completed, cancelled, or too late
├── VersionConflict             it changed since it was read
├── InvalidForm                 the result does not fit the form
├── ActionNotOffered            the activity offers other actions, or none
└── InvalidArgument                 an argument that cannot be: a fault of the program that sent it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.records import ActivityState, WorkflowState


class RequestRefused(FleetError):
    """A request was not done, for a reason its sender can understand; nothing was changed."""


class NotAllowed(RequestRefused):
    """The principal may not do this."""


class IdempotencyConflict(RequestRefused):
    """The idempotency key belongs to another request of the same principal."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"Idempotency key {key!r} was used for another request.",
            "Send a new key with a new request; repeat a request with exactly the same body.",
        )


@dataclass(frozen=True, slots=True)
class VariableError:
    """What is wrong with a variable: where, and by which rule; never the value."""

    path: str
    """Like `order.items[0].amount`; empty for the variables themselves."""
    rule: str
    """A keyword of JSON Schema, or `reserved`."""
    message: str


class InvalidVariables(RequestRefused):
    """Variables that are not a JSON object, too large, of reserved names, or not what a process starts with."""

    def __init__(self, message: str, suggestion: str, errors: Sequence[VariableError] = ()) -> None:
        super().__init__(message, suggestion)
        self.errors = tuple(errors)


class UnknownProcess(RequestRefused):
    """No process of this name is deployed."""

    def __init__(self, process_name: str, message: str = "") -> None:
        super().__init__(
            message or f"There is no process {process_name!r}.",
            "Deploy it, or ask processDefinitions which there are.",
        )
        self.process_name = process_name


class UnknownProcessVersion(RequestRefused):
    """The process has no such version, or the version is not written as it must be."""


class VersionNotDeployed(RequestRefused):
    """The version is published, and a start may not deploy it.

    Args:
        version: which one.
        command: deploys it on purpose.
    """

    def __init__(self, name: str, version: str, why: str) -> None:
        self.version = version
        self.command = f"fleet deploy --artifact {name} --version {version}"
        super().__init__(
            f"Version {version} of {name!r} is published and not deployed: {why}",
            f"To deploy it on purpose: {self.command}",
        )


class ArtifactRefused(RequestRefused):
    """What is published under the version cannot be believed: changed, damaged, or signed by nobody who may."""


class ArtifactStoreAway(RequestRefused):
    """The version is not known here, and the store of published versions does not answer."""


class WorkflowNotFound(RequestRefused):
    """There is no such workflow."""

    def __init__(self) -> None:
        super().__init__("There is no such workflow.", "Ask workflows for those there are.")


class WorkflowEnded(RequestRefused):
    """The workflow is over: there is nothing left to cancel."""

    def __init__(self, state: WorkflowState, ended_at: datetime | None) -> None:
        super().__init__(f"The workflow is {state} already.", "Start another one.")
        self.state = state
        self.ended_at = ended_at


class WorkflowNotRerunnable(RequestRefused):
    """The workflow is none that failed for good and may be run again.

    Args:
        state: where it is.
        instead: which workflow to run again instead, if there is one.
    """

    def __init__(self, state: WorkflowState, message: str, suggestion: str, instead: UUID | None = None) -> None:
        super().__init__(message, suggestion)
        self.state = state
        self.instead = instead


class CannotGiveUp(RequestRefused):
    """The workflow is none that failed for good and can be given up.

    Args:
        state: where it is.
        instead: which workflow to give up instead, if there is one.
    """

    def __init__(self, state: WorkflowState, message: str, suggestion: str, instead: UUID | None = None) -> None:
        super().__init__(message, suggestion)
        self.state = state
        self.instead = instead


class GiveUpPlanChanged(RequestRefused):
    """What giving up takes back is not what it was when it was shown."""

    def __init__(self) -> None:
        super().__init__(
            "The workflow went on since: what would be taken back is not what you were shown.",
            "Ask for its giveUpPlan again, and give it up by that one.",
        )


class ElementInstanceNotFound(RequestRefused):
    """No element instance of this key is under way in the workflow."""

    def __init__(self) -> None:
        super().__init__(
            "There is no such element under way in this workflow.",
            "Leave elementInstanceKey out for the whole workflow, or ask its incidents or engineView for the key.",
        )


class NoOpenIncident(RequestRefused):
    """The engine knows no open incident of this workflow."""


class EngineRefused(RequestRefused):
    """The engine refused the request, or could not be reached for one that cannot wait."""


class ActivityNotFound(RequestRefused):
    """There is no such activity, or it is not for this principal's eyes."""

    def __init__(self) -> None:
        super().__init__("There is no such activity among those you may see.", "Ask activities for those there are.")


class ActivityAlreadyClaimed(RequestRefused):
    """Somebody else has it."""

    def __init__(self, assignee: str) -> None:
        super().__init__(f"{assignee} has claimed this activity.", f"Ask {assignee} to release it.")
        self.assignee = assignee


class ActivityNotClaimed(RequestRefused):
    """The principal does not hold what it gives back."""


class ActivityClosed(RequestRefused):
    """The activity is completed, being completed, cancelled, or came too late."""

    def __init__(self, state: ActivityState, closed_by: str | None, closed_at: datetime | None) -> None:
        by = f" by {closed_by}" if closed_by else ""
        said = {
            ActivityState.COMPLETING: f"is being completed{by}",
            ActivityState.COMPLETED: f"was completed{by}",
            ActivityState.CANCELLED: "was cancelled with its process",
            ActivityState.TOO_LATE: f"was completed{by}, too late: the process had moved on",
        }[state]
        super().__init__(f"The activity {said}.", "Nothing is left to do here.")
        self.state = state
        self.closed_by = closed_by
        self.closed_at = closed_at


class VersionConflict(RequestRefused):
    """The activity changed since it was read."""

    def __init__(self, current_version: int) -> None:
        super().__init__(
            "The activity changed since you read it.",
            f"Read it again and send version {current_version} if you still mean it.",
        )
        self.current_version = current_version


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a form."""

    field: str
    message: str


class InvalidForm(RequestRefused):
    """The result does not fit the form of the activity."""

    def __init__(self, fields: Sequence[FieldError]) -> None:
        super().__init__(
            "The form is not filled in correctly: " + " ".join(f"{one.field}: {one.message}" for one in fields),
            "Correct these fields and send it again.",
        )
        self.fields = tuple(fields)


class ActionNotOffered(RequestRefused):
    """The activity offers other actions, or none, or has some and none was chosen."""

    def __init__(self, action: str | None, offered: Sequence[str]) -> None:
        said = f"offers no action {action[:100]!r}" if action is not None else "asks for one of its actions"
        there = f"It offers {', '.join(offered)}." if offered else "It offers none: leave action out."
        super().__init__(f"This activity {said}.", there)
        self.offered = list(offered)


class InvalidArgument(RequestRefused):
    """A cursor that is none of ours, a text that is too long: a fault of the program, not of its user."""
