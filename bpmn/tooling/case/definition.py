"""What `case.yaml` may say: who may start the case, its steps, and the transitions between them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from zeebe_fleet.bpmn.tooling.case.expressions import is_duration
from zeebe_fleet.bpmn.tooling.manifest import Access, JobType
from zeebe_fleet.workers.contract.cases import CASE_VARIABLES
from zeebe_fleet.workers.contract.job import RESERVED_VARIABLES

MAX_STEPS = 200
MAX_TRANSITIONS = 1_000
_Id = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]
_TAKEN = frozenset((*CASE_VARIABLES, *RESERVED_VARIABLES))
_OURS = ("case.", "fleet-", "io.camunda")
"""What job types of the fleet and the engine begin with."""


def _own_name(name: str) -> str:
    if name in _TAKEN:
        raise ValueError("the fleet sets this variable itself")
    return name


def _own_type(job_type: str) -> str:
    if job_type.startswith(_OURS):
        raise ValueError("this job type is not for a step: the fleet or the engine uses it")
    return job_type


def _moment(due: str) -> str:
    if due and not due.lstrip().startswith("=") and not is_duration(due):
        raise ValueError("it is neither a duration, like P3D, nor FEEL, which begins with =")
    return due


_Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"), AfterValidator(_own_name)]
_JobType = Annotated[str, Field(pattern=r"^[^\s=]\S{0,199}$"), AfterValidator(_own_type)]
_Due = Annotated[str, Field(max_length=1_000), AfterValidator(_moment)]
_Expression = Annotated[str, Field(min_length=1, max_length=10_000)]
"""FEEL, with `=` before it or without."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Action(_Part):
    """What a person can decide in a human step: a button."""

    id: _Id
    """As transitions name it."""
    label: str = Field(default="", max_length=80)
    """As the button says; the id when left out."""
    data: Mapping[str, Any] = Field(default_factory=dict)
    """JSON Schema of what must be filled in for it, beside what the form asks of every action."""


class _Step(_Part):
    id: _Id
    """As transitions name it."""
    name: str = Field(default="", max_length=200)
    """As people know it; the id when left out."""
    description: str = ""
    """What happens in it; people read it."""

    @property
    def title(self) -> str:
        """As it is shown."""
        return self.name or self.id.replace("_", " ").replace("-", " ").capitalize()


class HumanStep(_Step):
    """Something a person does."""

    kind: Literal["human"]
    """What kind of step it is."""
    prompt: str = Field(default="", max_length=10_000)
    """Shown above the form, in Markdown; `{{name}}` stands for a variable."""
    form: Mapping[str, Any] = Field(default_factory=dict)
    """A Camunda Form."""
    fields: tuple[Mapping[str, Any], ...] = ()
    """The components of a Camunda Form, where nothing else of it matters."""
    candidate_groups: tuple[str, ...] = ()
    """Whose members may do it; one that begins with `=` is FEEL and gives a name, or a list of names."""
    candidate_users: tuple[str, ...] = ()
    """Likewise, people."""
    due: _Due = ""
    """ISO 8601 duration, or FEEL after `=` that gives a duration or a date and time."""
    actions: tuple[Action, ...] = Field(min_length=1)
    """The buttons below the form."""


class SystemStep(_Step):
    """Something a worker does."""

    kind: Literal["system"]
    """What kind of step it is."""
    job_type: _JobType
    """What workers know the job by."""
    inputs: Mapping[_Variable, _Expression] = Field(default_factory=dict)
    """FEEL by the name of the variable that it sets before the job."""
    retries: int = Field(default=3, ge=1, le=100)
    """How often it is tried."""
    result: _Variable | None = None
    """Variable that holds all that the job returned, beside the variables that it set itself."""


class Condition(_Part):
    """One way out of a decision."""

    outcome: _Id
    """Its name, as transitions know it."""
    when: _Expression
    """FEEL; the first that is true decides."""


class DecisionStep(_Step):
    """A way chosen by the variables."""

    kind: Literal["decision"]
    """What kind of step it is."""
    conditions: tuple[Condition, ...] = ()
    """In the order in which they are asked."""
    default: _Id | None = None
    """The outcome when no condition is true."""

    @property
    def outcomes(self) -> tuple[str, ...]:
        """All of them, the default last."""
        return tuple(dict.fromkeys((*(one.outcome for one in self.conditions), *filter(None, [self.default]))))


class FinalStep(_Step):
    """An end of the case."""

    kind: Literal["final"]
    """What kind of step it is."""
    status: str = Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")
    """What the case comes to, like APPROVED; `case_status` of its workflow."""


Step = HumanStep | SystemStep | DecisionStep | FinalStep


class Transition(_Part):
    """From one step to another: after an action, an outcome or an error; after a job that went well, none of them."""

    source: _Id = Field(alias="from")
    """Step it leaves."""
    action: _Id | None = None
    """Of a human step."""
    outcome: _Id | None = None
    """Of a decision."""
    error: str | None = None
    """Of a system step."""
    to: _Id
    """Step it leads to."""

    @property
    def on(self) -> str:
        """What it is taken after, in one word; empty after a job that went well."""
        return self.action or self.outcome or self.error or ""


class CaseDefinition(_Part):
    """`case.yaml`: a case as people and workers go through it."""

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$")
    """Of the case and of its folder."""
    version: str = Field(pattern=r"^(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,8})){2}$")
    """Semantic version."""
    description: str = Field(min_length=1)
    """What it is for, in a sentence or two; people read it where they start it."""
    access: Access = Access()
    """Who may start it and see its workflows; says it nothing, operators alone."""
    input: Mapping[str, Any] = Field(default_factory=dict)
    """JSON Schema of the variables a case starts with."""
    job_types: Mapping[str, JobType] = Field(default_factory=dict)
    """What its system steps ask of workers, by job type; an error that a job may end in has a transition."""
    steps: tuple[Annotated[Step, Field(discriminator="kind")], ...] = Field(min_length=1, max_length=MAX_STEPS)
    """The first one is where it begins."""
    transitions: tuple[Transition, ...] = Field(default=(), max_length=MAX_TRANSITIONS)
    """The ways between the steps."""

    @cached_property
    def by_id(self) -> Mapping[str, Step]:
        """Its steps by id."""
        return {step.id: step for step in self.steps}

    @cached_property
    def ways(self) -> Mapping[tuple[str, str], Transition]:
        """Its transitions by the step they leave and what they are taken after."""
        return {(one.source, one.on): one for one in self.transitions}

    def errors_of(self, step: SystemStep) -> tuple[str, ...]:
        """Return the codes of the BPMN errors that a step's job may end in."""
        declared = self.job_types.get(step.job_type)
        return declared.errors if declared else ()

    @property
    def head(self) -> dict[str, Any]:
        """What a manifest says of a process."""
        return self.model_dump(mode="json", include={"name", "version", "description", "access", "input"})

    def to_data(self) -> dict[str, Any]:
        """Return it as data, what was left out left out: the same text every time."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)
