"""`fleet new definitions`: a repository of definitions alone, with a pipeline that tests and publishes them."""

from __future__ import annotations

from pathlib import Path

from zeebe_fleet.deploy.keys import new_key
from zeebe_fleet.deploy.new_process import create_case, create_process
from zeebe_fleet.deploy.scaffolds import check_name, write_scaffold

KEY = "ci.key"
"""The pipeline's private key, which Git ignores: it goes into the pipeline's secrets."""
_PUBLISHER = "ci"
_ABOUT = "# Whose signature counts, and which definitions each may publish: * stands for any letters.\n"


def create_definitions(name: str, into: Path) -> Path:
    """Write the repository's files and return its folder.

    Raises:
        FleetError: the name can be none, or something is there already.
    """
    check_name(name, "repository")
    folder = into / name
    write_scaffold("definitions", folder, {"mydefinitions": name})
    create_process("equipment_request", folder / "processes", folder)
    create_case("leave_request", folder / "processes", folder)
    _, _, lines = new_key(_PUBLISHER, folder / KEY).partition("\n")
    (folder / "publishers.yaml").write_text(_ABOUT + lines, encoding="utf-8")
    return folder
