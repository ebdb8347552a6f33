"""The core's modules know each other in one direction."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

CORE = Path(__file__).parents[3] / "engine" / "core"
NAME = "zeebe_fleet.engine.core"


def module_of(file: Path) -> str:
    """Return a file's import name."""
    parts = file.relative_to(CORE).with_suffix("").parts
    return ".".join([NAME, *(part for part in parts if part != "__init__")])


def imported(file: Path) -> set[str]:
    """Return what a module imports when it is run; what only types need stands under `if TYPE_CHECKING`."""
    found: set[str] = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            found.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
    return found


def test_core_s_imports_go_one_way() -> None:
    """Sorted by who imports whom, no module stands before itself; a package stands for what it gathers."""
    modules = {module_of(file): imported(file) for file in CORE.rglob("*.py")}
    graph = {name: {one for one in found if one in modules and one != name} for name, found in modules.items()}
    order = list(TopologicalSorter(graph).static_order())

    assert len(order) > 30
    assert order.index(f"{NAME}.course") < order.index(f"{NAME}.lifecycle") < order.index(f"{NAME}.machine")
