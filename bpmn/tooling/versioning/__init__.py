"""Versions: what changed between a published definition and the next, and how far its version must go for that."""

from __future__ import annotations

from zeebe_fleet.bpmn.tooling.versioning.check import check_version, least_version
from zeebe_fleet.bpmn.tooling.versioning.comparison import changes
from zeebe_fleet.bpmn.tooling.versioning.rules import RULES, Change, Level

__all__ = ["RULES", "Change", "Level", "changes", "check_version", "least_version"]
