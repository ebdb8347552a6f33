"""Publishing: from the folders of a repository to a store, through its port; all that is to go, or nothing.

`gathered` makes the artifacts of folders, `Planner` says what would become of each, `publish` creates them.
"""

from __future__ import annotations

from zeebe_fleet.bpmn.tooling.publishing.creation import publish
from zeebe_fleet.bpmn.tooling.publishing.gathering import NothingToPublish, gathered
from zeebe_fleet.bpmn.tooling.publishing.planning import Plan, Planner, State

__all__ = ["NothingToPublish", "Plan", "Planner", "State", "gathered", "publish"]
