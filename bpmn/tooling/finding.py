"""What lint says: where something is, how bad, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is, the worst first.

    An error cannot work, or works otherwise than it reads; a warning will trouble somebody; an info is advice.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    def is_at_least(self, other: Severity) -> bool:
        """Tell whether it is as bad or worse."""
        order = list(Severity)
        return order.index(self) <= order.index(other)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a package should not have.

    Args:
        file: as its path was given.
        element_id: of the model's element, or the manifest's key; empty where it is the file itself.
        line: counted from one.
        rule: whose finding it is; filled in by lint.
        message: what is wrong, in a sentence.
        suggestion: what to do, in a sentence.
        severity: the rule's own when left out.
    """

    file: str
    element_id: str
    line: int
    rule: str
    message: str
    suggestion: str
    severity: Severity | None = None

    def __str__(self) -> str:
        named = f"{self.element_id}: " if self.element_id else ""
        return f"{self.file}:{self.line}: {self.rule}: {named}{self.message} {self.suggestion}".strip()
