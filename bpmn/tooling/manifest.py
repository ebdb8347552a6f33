"""What a process package says of itself, beside its model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class JobType(_Part):
    """The contract of a system task."""

    description: str = Field(min_length=1)
    """What it does."""
    errors: tuple[str, ...] = ()
    """Codes of the BPMN errors it may end in."""
    input: Mapping[str, Any] = Field(default_factory=dict)
    """JSON Schema of the variables it reads, as one object; nothing is known of them when left out."""
    output: Mapping[str, Any] = Field(default_factory=dict)
    """JSON Schema of the variables it gives, as one object; nothing is known of them when left out."""
    effects: Literal["outside", "none"] = "outside"
    """Whether it does what would have to be taken back; `none` for one that only reads, or tells somebody."""
    action: str = ""
    """Function that does its jobs, where none is declared with `@task`: its name in the package's own code, or
    `module:function`."""


class DeclaredError(_Part):
    """A BPMN error, with what comes along."""

    description: str = Field(min_length=1)
    """What it means."""
    variables: Mapping[str, Any] = Field(default_factory=dict)
    """JSON Schema of the variables that it brings, as one object; nothing is known of them when left out."""


class NotUndone(_Part):
    """Why what a task does is not taken back."""

    none: str = Field(min_length=1)
    """The reason."""


class Elsewhere(_Part):
    """What the engine has from somebody else, so that it need not be in the folder."""

    processes: tuple[str, ...] = ()
    """Called by their id."""
    decisions: tuple[str, ...] = ()
    """Called by their id."""
    forms: tuple[str, ...] = ()
    """Linked by their id."""


class HumanWork(_Part):
    """A task for people."""

    candidate_groups: tuple[str, ...] = ()
    """Whose members may do it; may be none where the model names an assignee or candidate users."""
    form: str = ""
    """File of the form, in the package's folder."""


class Audience(_Part):
    """Some of those who sign in."""

    groups: tuple[str, ...] = ()
    """As the provider names them."""
    users: tuple[str, ...] = ()
    """As the provider names them."""


class Access(_Part):
    """Who may start the process, and who may see its workflows, beside operators and whoever started one."""

    start: Literal["everybody"] | Audience = Audience()
    """Who may start it."""
    see: Literal["everybody"] | Audience = Audience()
    """Who may see its workflows."""

    def to_json(self) -> dict[str, Any]:
        """Return the shape kept with a deployment."""
        return self.model_dump(mode="json")


class Waiver(_Part):
    """Something that lint finds and that stays as it is."""

    rule: str
    """Name of the lint rule, as findings name it."""
    element: str = ""
    """Id of the element, as findings name it; the whole package when left out."""
    reason: str = ""
    """Why it is right here; a waiver without a reason is a finding."""


class LintSettings(_Part):
    """What lint asks of the package, where that is not what it asks of all."""

    rules: Mapping[str, Literal["off", "info", "warning", "error"]] = Field(default_factory=dict)
    """How bad the findings of a rule are here, by the rule's name; `off` asks nothing."""
    waivers: tuple[Waiver, ...] = ()
    """Findings that are right here, each with the reason."""

    @field_validator("rules", mode="before")
    @classmethod
    def _off_is_a_word(cls, rules: Any) -> Any:
        """YAML 1.1 reads `off` as false."""
        if not isinstance(rules, Mapping):
            return rules
        return {name: "off" if level is False else level for name, level in rules.items()}


class Manifest(_Part):
    """`manifest.yaml` of a process package."""

    name: str = Field(pattern=r"^[\p{L}_][\p{L}\p{M}\p{N}_.·-]*$")
    """Of the process and of its folder; whatever BPMN takes for an id.

    Source: XML Schema 1.0, part 2, NCName.
    """
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    """Semantic version; the model carries it as its version tag."""
    description: str = Field(min_length=1)
    """What it is for, in a sentence or two; people read it where they start it."""
    input: Mapping[str, Any] = Field(default_factory=dict)
    """JSON Schema of the variables an instance starts with."""
    job_types: Mapping[str, JobType] = Field(default_factory=dict)
    """Contracts of its system tasks, by job type."""
    errors: Mapping[str, str | DeclaredError] = Field(default_factory=dict)
    """BPMN error codes with what they mean."""
    undo: Mapping[str, str | NotUndone] = Field(default_factory=dict)
    """Element → the compensation handler that takes it back, or why there is none."""
    elsewhere: Elsewhere = Elsewhere()
    """What it uses that is not deployed with it."""
    access: Access = Access()
    """Who may start it and see its workflows; says it nothing, operators alone."""
    human_tasks: Mapping[str, HumanWork] = Field(default_factory=dict)
    """Tasks for people, by element."""
    data_models: tuple[str, ...] = ()
    """Data models that its actions use, beside those in `DATA_MODELS` of the package's code."""
    lint: LintSettings = LintSettings()
    """What lint asks of this package, where that is not what it asks of all."""
