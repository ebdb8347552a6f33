"""Case definitions: steps and the transitions between them as YAML, which the process `generic_case` runs.

`load_case` reads a folder's `case.yaml`, `read_case` one that is data already, as out of an artifact; `CaseWalk` says
what comes after what, and knows neither engine nor database.
"""

from __future__ import annotations

from zeebe_fleet.bpmn.tooling.case.definition import CaseDefinition
from zeebe_fleet.bpmn.tooling.case.reading import CASE, CasePackage, case_folders, load_case, read_case
from zeebe_fleet.bpmn.tooling.case.walk import CaseWalk, walk_of

__all__ = ["CASE", "CaseDefinition", "CasePackage", "CaseWalk", "case_folders", "load_case", "read_case", "walk_of"]
