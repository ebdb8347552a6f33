"""The lint's rules, one a module: a new file with a function of its name, under `@rule`, is a new rule."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from zeebe_fleet.bpmn.tooling.rule import Rule


def _rules() -> dict[str, Rule]:
    found = (getattr(import_module(f"{__name__}.{module.name}"), module.name) for module in iter_modules(__path__))
    return {one.name: one for one in found}


RULES: Mapping[str, Rule] = _rules()
"""By name."""
