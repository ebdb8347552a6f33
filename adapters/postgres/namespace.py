"""The data models of a project, and where their migrations are; apart from what runs them, which loads Alembic."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zeebe_fleet.workers.contract.data_models import metadata_of

if TYPE_CHECKING:
    from sqlalchemy import MetaData


@dataclass(frozen=True, slots=True)
class Namespace:
    """The data models of a project.

    Args:
        name: as given to `extension_model_base`.
        folder: where its revisions are; need not be there yet.
    """

    name: str
    folder: Path

    @property
    def metadata(self) -> MetaData:
        """Its tables."""
        return metadata_of(self.name)

    @property
    def version_table(self) -> str:
        """Where the database says how far it is."""
        return f"alembic_version_{self.name}"
