"""The table of changes and what each means to a version; docs/reference/versioning.md is written from it.

Major is what somebody else has to follow: who starts the process, sends its messages, does its jobs, completes its
activities, or moves running instances. Minor is something new that nobody has to know of. The rest is a patch.
Source: https://semver.org/spec/v2.0.0.html
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How far a version goes on."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    @property
    def word(self) -> str:
        """As people write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class VersionRule:
    """A kind of change."""

    name: str
    level: Level
    what: str
    concerns: str
    """Heading in the table."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is different from what is published."""

    rule: str
    where: str
    """What it is about: a variable, a job type, an element."""
    told: str

    @property
    def level(self) -> Level:
        """How far the version must go for it."""
        return RULES[self.rule].level

    def __str__(self) -> str:
        return f"{self.where}: {self.told} ({self.rule}: {self.level.word})"


def _of(concerns: str, *rules: tuple[str, Level, str]) -> list[VersionRule]:
    return [VersionRule(name, level, what, concerns) for name, level, what in rules]


_TABLE = (
    *_of(
        "Variables it starts with",
        ("variable-required", Level.MAJOR, "A variable must be given that was not asked for, or was optional."),
        ("variable-removed", Level.MAJOR, "A variable is no longer in the input schema."),
        ("variable-narrowed", Level.MAJOR, "Less is taken: another type, fewer values, closer bounds, a new pattern."),
        ("variable-added", Level.MINOR, "A new variable may be given."),
        ("variable-widened", Level.MINOR, "More is taken, or it need not be given any more."),
        ("variable-described", Level.PATCH, "Titles, descriptions, defaults and examples."),
    ),
    *_of(
        "Job types",
        ("job-type-removed", Level.MAJOR, "A job type is gone, or has another name."),
        ("job-type-added", Level.MINOR, "A new job type: a worker for it is deployed first."),
        ("job-error-removed", Level.MAJOR, "A job may no longer end in an error that it could end in."),
        ("job-error-added", Level.MINOR, "A job may end in one more error."),
        ("job-input-removed", Level.MAJOR, "A job is given less than its worker could rely on, or something wider."),
        ("job-input-added", Level.MINOR, "A job is given more, or something closer."),
        ("job-output-narrowed", Level.MAJOR, "A job must return something more, or may return less."),
        ("job-output-widened", Level.MINOR, "A job may return more, or need not return something."),
        ("job-described", Level.PATCH, "Descriptions of what a job is given and returns."),
    ),
    *_of(
        "Forms, fields and actions of human tasks",
        ("field-required", Level.MAJOR, "A field must be filled in that was not there, or was optional."),
        ("field-removed", Level.MAJOR, "A field is gone, or has another key."),
        ("field-narrowed", Level.MAJOR, "A field takes less: another kind, fewer choices, closer bounds, a pattern."),
        ("field-added", Level.MINOR, "A new field that may stay empty."),
        ("field-widened", Level.MINOR, "A field takes more, or may stay empty."),
        ("field-described", Level.PATCH, "Labels, texts and the order of a form."),
        ("people-changed", Level.MINOR, "Other people, groups, due dates or priorities of a human task."),
    ),
    *_of(
        "Messages, signals, timers, errors",
        ("message-removed", Level.MAJOR, "A message or signal is no longer waited for, or has another name."),
        ("message-added", Level.MINOR, "One more message or signal is waited for."),
        ("correlation-changed", Level.MAJOR, "A message is correlated by something else."),
        ("start-timer-changed", Level.MINOR, "It starts by itself at other times."),
        ("thrown-signal-removed", Level.MAJOR, "A signal that others may wait for is no longer thrown."),
        ("thrown-signal-added", Level.MINOR, "One more signal is thrown."),
        ("thrown-error-added", Level.MAJOR, "It may end in an error that its callers do not know."),
        ("thrown-error-removed", Level.MINOR, "It no longer ends in an error."),
        ("error-removed", Level.MAJOR, "An error code is no longer declared."),
        ("error-added", Level.MINOR, "One more error code is declared."),
        ("error-variables-removed", Level.MAJOR, "An error brings less than whoever catches it could rely on."),
        ("error-variables-added", Level.MINOR, "An error brings more, or something closer."),
    ),
    *_of(
        "Elements and what they call",
        ("element-removed", Level.MAJOR, "An element at which instances wait is gone, or has another id."),
        ("element-kind-changed", Level.MAJOR, "An element is of another kind."),
        ("element-added", Level.MINOR, "A new element."),
        ("way-changed", Level.MINOR, "Flows, gateways or throwing events lead elsewhere."),
        ("undo-removed", Level.MAJOR, "What an element did is no longer taken back."),
        ("undo-changed", Level.MINOR, "What an element did is taken back, or by another element."),
        ("called-changed", Level.MINOR, "Other processes or decisions are called."),
        ("requirement-changed", Level.PATCH, "A called definition of the same folder is pinned to another version."),
    ),
    *_of(
        "Decisions",
        ("decision-removed", Level.MAJOR, "A decision is gone, or has another id."),
        ("decision-added", Level.MINOR, "A new decision."),
        (
            "decision-result-changed",
            Level.MAJOR,
            "What a decision gives is of another form: a list, a further or another output, another type.",
        ),
        ("decision-result-added", Level.MINOR, "A decision that gives several outputs gives one more."),
        ("decision-input-changed", Level.MINOR, "A decision reads other variables."),
        ("decision-rules-changed", Level.PATCH, "Its rules, expressions, names and texts."),
    ),
    *_of(
        "Steps and transitions of a case",
        ("step-removed", Level.MAJOR, "A step is gone, or has another id."),
        ("step-kind-changed", Level.MAJOR, "A step is of another kind."),
        ("step-added", Level.MINOR, "A new step."),
        ("action-removed", Level.MAJOR, "People can no longer take an action."),
        ("action-added", Level.MINOR, "People can take one more action."),
        ("transition-removed", Level.MAJOR, "Nothing comes any more after an action, an outcome, an error or a job."),
        ("transition-changed", Level.MINOR, "It begins, or goes on, with another step."),
        ("transition-added", Level.MINOR, "A new way between steps."),
        ("status-removed", Level.MAJOR, "A case no longer comes to a status."),
        ("status-added", Level.MINOR, "A case may come to one more status."),
    ),
    *_of(
        "The rest",
        ("kind-changed", Level.MAJOR, "A process became a case, or the other way round."),
        ("access-narrowed", Level.MAJOR, "Somebody may no longer start it, or see its workflows."),
        ("access-widened", Level.MINOR, "More people may start it, or see its workflows."),
        ("data-models-changed", Level.MINOR, "Other data models are used."),
        ("content-changed", Level.PATCH, "Anything else: conditions, mappings, retries, names, texts, the diagram."),
    ),
)
RULES: dict[str, VersionRule] = {rule.name: rule for rule in _TABLE}
