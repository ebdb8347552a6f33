"""Deployed processes: what the engine calls them, and the facts of their models."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zeebe_fleet.adapters.postgres.jsonb import to_jsonb
from zeebe_fleet.adapters.postgres.logins import RECORDS, as_login
from zeebe_fleet.adapters.postgres.pool import Connection, Pool
from zeebe_fleet.workers.contract.model import UNKNOWN, ProcessModel
from zeebe_fleet.workers.contract.ports import DeployedProcess

ReadModel = Callable[[str, str], ProcessModel]
"""Turns BPMN and the name of a process in it into its facts."""

_ASK_AGAIN_S = 10.0

SAVE = """
INSERT INTO process_definition (definition_key, process_name, version, resource_name, bpmn, input_schema, access)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (definition_key) DO UPDATE SET process_name = excluded.process_name, version = excluded.version,
    resource_name = excluded.resource_name, bpmn = excluded.bpmn, input_schema = excluded.input_schema,
    access = excluded.access,
    deployed_at = CASE WHEN process_definition.bpmn = excluded.bpmn
        THEN process_definition.deployed_at ELSE excluded.deployed_at END
"""

#: a published version is what was deployed byte for byte, whatever either calls itself
_RELINK = """
UPDATE process_artifact SET definition_key = definition.definition_key
FROM process_definition definition
WHERE definition.definition_key = ANY ($1) AND process_artifact.name = definition.process_name
    AND process_artifact.model_sha256 = encode(sha256(convert_to(definition.bpmn, 'UTF8')), 'hex')
"""

#: an engine that was wiped gives its keys out again, to whatever is deployed then
_UNLINK = """
UPDATE process_artifact SET definition_key = NULL
FROM process_definition definition
WHERE definition.definition_key = ANY ($1) AND process_artifact.definition_key = definition.definition_key
    AND (process_artifact.name <> definition.process_name
        OR process_artifact.model_sha256 <> encode(sha256(convert_to(definition.bpmn, 'UTF8')), 'hex'))
"""


class PostgresDefinitions:
    """Saves what was deployed and reads models back by their definition key."""

    def __init__(self, database_url: str, read_model: ReadModel) -> None:
        self._pool = Pool(as_login(database_url, RECORDS), size=2)
        self._read_model = read_model
        self._models: dict[int, ProcessModel] = {}
        self._missed_at: dict[int, float] = {}

    async def save(
        self,
        deployed: Sequence[DeployedProcess],
        bpmn: Callable[[str], str],
        input_schemas: Mapping[str, Mapping[str, Any]] | None = None,
        access: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Keep what the engine accepted.

        Args:
            deployed: as the engine calls them.
            bpmn: gives the text of a resource by its name.
            input_schemas: JSON Schema of what an instance starts with, by the name of the process.
            access: who may start it and see its workflows, by the name of the process.
        """
        schemas, allowed = input_schemas or {}, access or {}
        async with self._pool.transaction() as connection:
            await connection.executemany(
                SAVE,
                [
                    (
                        one.definition_key,
                        one.process_name,
                        one.version,
                        one.resource_name,
                        bpmn(one.resource_name),
                        to_jsonb(schemas[one.process_name]) if one.process_name in schemas else None,
                        to_jsonb(allowed[one.process_name]) if one.process_name in allowed else None,
                    )
                    for one in deployed
                ],
            )
            await relink(connection, [one.definition_key for one in deployed])

    async def latest(self) -> Mapping[str, str]:
        """Return the text of the newest version of each process, by its name."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(
                "SELECT DISTINCT ON (process_name) process_name, bpmn FROM process_definition "
                "ORDER BY process_name, version DESC, definition_key DESC"
            )
        return {row["process_name"]: row["bpmn"] for row in rows}

    async def model_of(self, definition_key: int | None) -> ProcessModel:
        """Return the facts of a model; of a process that somebody else deployed, nothing is known."""
        if definition_key is None:
            return UNKNOWN
        model = self._models.get(definition_key)
        if model is None and self._may_ask(definition_key):
            model = await self._load(definition_key)
        return model or UNKNOWN

    async def close(self) -> None:
        """Drop all connections."""
        await self._pool.close()

    def _may_ask(self, definition_key: int) -> bool:
        missed_at = self._missed_at.get(definition_key)
        return missed_at is None or time.monotonic() >= missed_at + _ASK_AGAIN_S

    async def _load(self, definition_key: int) -> ProcessModel | None:
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(
                "SELECT bpmn, process_name FROM process_definition WHERE definition_key = $1", definition_key
            )
        if row is None:
            self._missed_at[definition_key] = time.monotonic()
            return None
        self._models[definition_key] = model = self._read_model(row["bpmn"], row["process_name"])
        return model


async def relink(connection: Connection, definition_keys: Sequence[int]) -> None:
    """Have published versions name the definitions just saved, where they are the same to the byte."""
    await connection.execute(_UNLINK, list(definition_keys))
    await connection.execute(_RELINK, list(definition_keys))
