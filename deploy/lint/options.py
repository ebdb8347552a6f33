"""What can be asked of `fleet lint`."""

from __future__ import annotations

from enum import StrEnum


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
