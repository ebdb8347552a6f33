"""Artifacts: a definition and all it needs in one text that is the same every time, signed, and never changed.

`artifact_of` makes one of a package, `read_artifact` reads one that came from anywhere, `signing` says who made it.
"""

from __future__ import annotations

from zeebe_fleet.bpmn.tooling.artifact.making import artifact_of, case_artifact
from zeebe_fleet.bpmn.tooling.artifact.reading import read_artifact, resources_of
from zeebe_fleet.workers.contract.artifacts import artifact_name

__all__ = ["artifact_name", "artifact_of", "case_artifact", "read_artifact", "resources_of"]
