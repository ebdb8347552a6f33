"""Rows that are new or differ, gathered over many events: what came and went in between is written once."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

Row = dict[str, Any]


class Changes:
    """What is to be written next.

    Attributes:
        new: whole rows by table and key.
        changed: columns that differ, by table and key, of rows that are in the index already.
        variables: values by process instance, scope and name, as JSON text.
        nodes: elements of newly deployed processes: definition, id, type, name.
        flows: sequence flows taken: process instance, and the flow's id.
        decided: rows of decisions made.
        position: the last record whose events are in it.
        now_ms: when that was.
        ended: how many process instances came to their ends.
    """

    def __init__(self) -> None:
        self.new: dict[str, dict[int, Row]] = defaultdict(dict)
        self.changed: dict[str, dict[int, Row]] = defaultdict(dict)
        self.variables: dict[tuple[int, int, str], str] = {}
        self.nodes: list[tuple[int, str, str, str]] = []
        self.flows: dict[tuple[int, str], None] = {}
        self.decided: list[tuple[Any, ...]] = []
        self.position = 0
        self.now_ms = 0
        self.ended = 0

    def add(self, table: str, key: int, row: Row) -> None:
        """Note a new row."""
        self.new[table][key] = row

    def change(self, table: str, key: int, row: Row) -> None:
        """Note columns that differ."""
        whole = self.new[table].get(key)
        if whole is not None:
            whole.update(row)
            return
        rows = self.changed[table]
        known = rows.get(key)
        if known is None:
            rows[key] = row
        else:
            known.update(row)
