"""The lint's rules on case definitions, one a module: a new file with a function of its name is a new rule."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from zeebe_fleet.bpmn.tooling.case.rule import CaseRule


def _rules() -> dict[str, CaseRule]:
    found = (getattr(import_module(f"{__name__}.{module.name}"), module.name) for module in iter_modules(__path__))
    return {one.name: one for one in found}


CASE_RULES: Mapping[str, CaseRule] = _rules()
"""By name."""
