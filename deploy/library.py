"""Puts the library of published versions together: the store of the settings, and what the records know."""

from __future__ import annotations

from zeebe_fleet.adapters.library import StoreLibrary
from zeebe_fleet.adapters.postgres.library import PostgresLibrary
from zeebe_fleet.adapters.postgres.requests import Sessions
from zeebe_fleet.bpmn.tooling.artifact import read_artifact
from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.deploy.published import definitions_of
from zeebe_fleet.workers.contract.artifacts import Artifact, artifact_name


def library_of(artifacts: ArtifactsSection, sessions: Sessions) -> StoreLibrary:
    """Return the library; without a store it has what the records know."""
    return StoreLibrary(definitions_of(artifacts), artifacts.store, PostgresLibrary(sessions), _read)


def _read(content: bytes, name: str, version: str) -> Artifact:
    return read_artifact(content, artifact_name(name, version)).artifact
