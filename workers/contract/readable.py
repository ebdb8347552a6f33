"""Who may read the rows of a data model from outside, and how they are found."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from zeebe_fleet.workers.contract.errors import DefinitionError


@dataclass(frozen=True, slots=True)
class Readable:
    """Opens a data model for reading in GraphQL.

    Args:
        roles: whoever has one of these may read; nobody else.
        fields: columns that are shown; all of them when empty.
        filters: columns by which rows can be picked.
    """

    roles: frozenset[str]
    fields: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()

    def check(self, name: str, columns: Collection[str]) -> None:
        """Refuse an opening that opens nothing, or names columns that are not there."""
        if not self.roles:
            raise DefinitionError(f"Data model {name!r} is readable by no role.", "Name roles, or leave readable out.")
        missing = sorted({*self.fields, *self.filters} - set(columns))
        if missing:
            raise DefinitionError(
                f"Data model {name!r} has no column {', '.join(missing)}.", f"It has {', '.join(columns)}."
            )
