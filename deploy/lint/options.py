"""What can be asked of `fleet lint`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


class FailOn(StrEnum):
    """From which severity on the exit status is 1."""

    ERROR = "error"
    WARNING = "warning"


class TargetName(StrEnum):
    """A version of Camunda that models can be held against."""

    V8_6 = "8.6"
    V8_7 = "8.7"
    V8_8 = "8.8"
    V8_9 = "8.9"
    V8_10 = "8.10"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for.

    Args:
        target: name of the version that models are held against; the one that each names when empty.
        below: folder from which on files are named, where they lie in it.
    """

    written: Format
    target: str
    fail_on: FailOn
    below: Path | None = None
