"""What is written when somebody begins something of their own: the files of `scaffold/<kind>`, under their names."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from pathlib import Path

from zeebe_fleet.workers.contract.errors import FleetError

_SCAFFOLD = Path(__file__).parent / "scaffold"
_REQUIRED = "~=0.0.0"
_HIDDEN = frozenset({"gitignore", "github", "gitlab-ci.yml"})
"""Names that begin with a dot once they are written: a wheel would leave them out."""
_FITS = re.compile(r"[a-z][a-z0-9_]*")
_LONGEST = 100


def check_name(name: str, what: str, taken: frozenset[str] = frozenset()) -> None:
    """See to it that a name can be that of a folder, a Python package and a BPMN process.

    Raises:
        FleetError: it cannot, with a proposal.
    """
    if not _can_be(name):
        proposal = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_0123456789")[:_LONGEST]
        fits = _can_be(proposal) and proposal not in taken
        raise FleetError(
            f"{name[:_LONGEST]!r} can be no {what}: lower-case letters, digits and _, a letter first, no Python "
            f"keyword, and at most {_LONGEST} of them.",
            f"Try {proposal!r}." if fits else "",
        )
    if name in taken:
        raise FleetError(f"{name!r} is the name of a {what} that is there already.", "Take another name.")


def write_scaffold(kind: str, folder: Path, words: Mapping[str, str], left_out: frozenset[str] = frozenset()) -> None:
    """Write the files of a scaffold into a folder that is empty, or not there yet.

    Args:
        kind: the folder's name in `scaffold/`.
        folder: where they go.
        words: what stands in the scaffold, in texts and file names, and what is written in its place.
        left_out: names of files that are not written.

    Raises:
        FleetError: something is there already, or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FleetError(f"{folder} is there already, and not empty.", "Take another name, or another folder (--into).")
    try:
        for source in sorted((_SCAFFOLD / kind).rglob("*")):
            if source.is_file() and "__pycache__" not in source.parts and source.name not in left_out:
                _write(source, _SCAFFOLD / kind, folder, words)
    except OSError as error:
        raise FleetError(f"{folder} cannot be written: {error.strerror}.") from error


def _can_be(name: str) -> bool:
    return bool(_FITS.fullmatch(name)) and not keyword.iskeyword(name) and len(name) <= _LONGEST


def _write(source: Path, scaffold: Path, folder: Path, words: Mapping[str, str]) -> None:
    from importlib.metadata import version

    replaced = {**words, _REQUIRED: f"~={version('zeebe-fleet')}"}
    first, *rest = source.relative_to(scaffold).parts
    target = folder / _renamed("/".join([f".{first}" if first in _HIDDEN else first, *rest]), replaced)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(_renamed(source.read_text(encoding="utf-8"), replaced), encoding="utf-8")


def _renamed(text: str, words: Mapping[str, str]) -> str:
    return re.sub("|".join(map(re.escape, words)), lambda found: words[found[0]], text)
