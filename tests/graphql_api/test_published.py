"""What is published, as people read it: from a real store, signed by real keys, beside the records."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from tests.graphql_api.conftest import SERVICE_TOKEN, Api, Client, serving
from zeebe_fleet.adapters.artifacts.folder import FolderStore
from zeebe_fleet.adapters.library import StoreLibrary
from zeebe_fleet.bpmn.tooling.artifact import artifact_of
from zeebe_fleet.bpmn.tooling.artifact.signing import new_key, sign
from zeebe_fleet.bpmn.tooling.package import load_package
from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.deploy.library import library_of
from zeebe_fleet.deploy.new_process import create_process
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings

LIST = """
query ($first: Int! = 100, $after: String, $name: String) {
  publishedVersions(first: $first, after: $after, processName: $name) {
    edges { node {
      processName processVersion kind description sha256 publishedBy publishedAt refusal isLatest
      definitionKey engineVersion isCurrent mayStart running
    } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
CONTENTS = """
query ($name: String!, $version: String!) {
  publishedContents(processName: $name, processVersion: $version) {
    sha256 manifest case inputSchema files { name sha256 text } requires { processName }
  }
}
"""
STORE = "{ definitionStore { address readAt trouble repositoryUrl } }"
OPEN = "{start: everybody, see: everybody}"


@dataclass
class Shelf:
    """A store, its publishers, and packages to publish."""

    folder: Path
    key: str
    section: ArtifactsSection

    @property
    def store(self) -> FolderStore:
        """The store itself."""
        return FolderStore(self.folder / "store")

    async def publish(self, name: str, version: str, access: str = OPEN) -> str:
        """Publish a process; returns its model as it is deployed."""
        package_folder = self.folder / "packages" / version / name
        if not package_folder.exists():
            create_process(name, package_folder.parent, self.folder)
        for file in ("manifest.yaml", f"{name}.bpmn"):
            text = (package_folder / file).read_text().replace("0.1.0", version)
            (package_folder / file).write_text(text.replace(OPEN, access))
        package = load_package(package_folder)
        artifact = artifact_of(package)
        await self.store.create(artifact.file, sign(artifact, self.key))
        return package.resources()[0].content.decode()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """An empty store and somebody who may publish."""
    (tmp_path / "store").mkdir()
    key, line = new_key()
    publishers = tmp_path / "publishers.yaml"
    publishers.write_text(f'publishers:\n  - name: ci\n    key: "{line}"\n    may_publish: ["*"]\n')
    section = ArtifactsSection(store=str(tmp_path / "store"), publishers=publishers)
    return Shelf(tmp_path, key, section)


@pytest.fixture
async def library(shelf: Shelf, database: AsyncEngine) -> AsyncIterator[StoreLibrary]:
    """The library of that store."""
    opened = library_of(shelf.section, async_sessionmaker(database, expire_on_commit=False))
    yield opened
    await opened.close()


@pytest.fixture
async def reading(services: ApiServices, database_url: str, library: StoreLibrary) -> AsyncIterator[Api]:
    """An API with that library."""
    settings = ApiSettings(service_token=SERVICE_TOKEN, definitions_url="https://git.example.com/definitions")
    async with serving(replace(services, library=library), database_url, settings) as api:
        yield api


async def listed(client: Client, **asked: Any) -> list[dict[str, Any]]:
    """Read the list."""
    return [edge["node"] for edge in (await client.answer(LIST, **asked))["edges"]]


def names(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return name and version of each."""
    return [(one["processName"], one["processVersion"]) for one in found]


async def deployed(api: Api, name: str, model: str, engine_version: int = 1) -> int:
    """Have a process deployed, as `fleet deploy` would."""
    key = int(uuid4().int % 10**12)
    await api.sql(
        "INSERT INTO process_definition (definition_key, process_name, version, resource_name, bpmn, access) "
        'VALUES ($1, $2, $3, \'x.bpmn\', $4, \'{"start": "everybody", "see": "everybody"}\')',
        key,
        name,
        engine_version,
        model,
    )
    return key


async def running(api: Api, name: str, key: int, state: str = "RUNNING") -> None:
    """Have a workflow on a definition."""
    await api.sql(
        "INSERT INTO workflow (workflow_id, process_name, definition_key, state, origin, principal) "
        "VALUES ($1, $2, $3, $4, 'API', '{\"subject\": \"rita\"}')",
        uuid4(),
        name,
        key,
        state,
    )


async def test_published_versions_say_who_published_what(shelf: Shelf, reading: Api) -> None:
    """By name, the newest version first: ten comes after nine, whatever letters say."""
    for name, version in (("pub_lend", "1.9.0"), ("pub_lend", "1.10.0"), ("pub_ask", "1.0.0")):
        await shelf.publish(name, version)
    found = await listed(await reading.persona("rita"))

    assert names(found) == [("pub_ask", "1.0.0"), ("pub_lend", "1.10.0"), ("pub_lend", "1.9.0")]
    assert [one["isLatest"] for one in found] == [True, True, False]
    assert all(one["kind"] == "PROCESS" and one["publishedBy"] == "ci" and one["mayStart"] for one in found)
    assert all(len(one["sha256"]) == 64 and one["publishedAt"] and not one["refusal"] for one in found)
    assert {one["definitionKey"] for one in found} == {None}


async def test_published_versions_come_by_pages(shelf: Shelf, reading: Api) -> None:
    """Each page goes on where the one before ended; one name can be asked for alone."""
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        await shelf.publish("pub_paged", version)
    await shelf.publish("pub_other", "1.0.0")
    rita = await reading.persona("rita")
    first = await rita.answer(LIST, first=2, name="pub_paged")
    second = await rita.answer(LIST, first=2, name="pub_paged", after=first["pageInfo"]["endCursor"])

    assert [edge["node"]["processVersion"] for edge in first["edges"]] == ["2.0.0", "1.1.0"]
    assert first["pageInfo"]["hasNextPage"] is True
    assert [edge["node"]["processVersion"] for edge in second["edges"]] == ["1.0.0"]
    assert second["pageInfo"]["hasNextPage"] is False


async def test_published_versions_are_for_whom_their_access_names(shelf: Shelf, reading: Api) -> None:
    """As with processes: who may start or see them; for others there is no such definition."""
    await shelf.publish("pub_sales", "1.0.0", "{start: {groups: [reviewers]}, see: {groups: [sales-managers]}}")
    await shelf.publish("pub_secret", "1.0.0", "{}")
    asked = {"name": "pub_sales", "version": "1.0.0"}
    seen = {}
    for who in ("rita", "sam", "paul", "olga"):
        client = await reading.persona(who)
        seen[who] = await listed(client)
        contents = await client.answer(CONTENTS, **asked)
        assert (contents is None) == (who == "paul")

    assert {who: [name for name, _ in names(found)] for who, found in seen.items()} == {
        "rita": ["pub_sales"],
        "sam": ["pub_sales"],
        "paul": [],
        "olga": ["pub_sales", "pub_secret"],
    }
    assert {who: found[0]["mayStart"] for who, found in seen.items() if found} == {
        "rita": True,
        "sam": False,
        "olga": True,
    }
    assert {who: found[0]["running"] for who, found in seen.items() if found} == {"rita": None, "sam": 0, "olga": 0}


async def test_published_version_says_what_runs_on_it(shelf: Shelf, reading: Api) -> None:
    """Which engine's version it is follows from its model; only what is alive counts."""
    old = await deployed(reading, "pub_runs", await shelf.publish("pub_runs", "1.0.0"))
    new = await deployed(reading, "pub_runs", await shelf.publish("pub_runs", "1.1.0"), engine_version=2)
    await shelf.publish("pub_runs", "1.2.0")
    for key, state in ((old, "RUNNING"), (old, "REQUESTED"), (old, "COMPLETED"), (new, "RUNNING")):
        await running(reading, "pub_runs", key, state)
    found = await listed(await reading.persona("rita"), name="pub_runs")

    assert [one["processVersion"] for one in found] == ["1.2.0", "1.1.0", "1.0.0"]
    assert [one["engineVersion"] for one in found] == [None, "engine:2", "engine:1"]
    assert [one["isCurrent"] for one in found] == [False, True, False]
    assert [one["running"] for one in found] == [0, 1, 2]
    assert found[2]["definitionKey"] == str(old)


async def test_published_contents_are_all_of_it(shelf: Shelf, reading: Api) -> None:
    """The model as it is deployed, the forms, and what the manifest says."""
    model = await shelf.publish("pub_whole", "1.0.0")
    contents = await (await reading.persona("rita")).answer(CONTENTS, name="pub_whole", version="1.0.0")

    assert {file["name"]: file["text"] for file in contents["files"]} == {
        "pub_whole.bpmn": model,
        "decide_pub_whole.form": (shelf.folder / "packages/1.0.0/pub_whole/decide_pub_whole.form").read_text(),
    }
    assert contents["manifest"]["human_tasks"]["decide_pub_whole"]["candidate_groups"] == ["reviewers"]
    assert contents["inputSchema"]["required"] == ["subject"]
    assert contents["case"] is None


async def test_changed_artifact_is_listed_with_its_refusal(shelf: Shelf, reading: Api) -> None:
    """It may not be started; why is said where it stands, and its contents are not shown."""
    await shelf.publish("pub_changed", "1.0.0")
    file = shelf.folder / "store" / "pub_changed_v1.0.0.yaml"
    content = file.read_text().replace("has somebody decide", "lets nobody decide")
    file.unlink()
    file.write_text(content)
    olga = await reading.persona("olga")
    (found,) = await listed(olga, name="pub_changed")
    answer = await olga.send(CONTENTS, name="pub_changed", version="1.0.0")

    assert "changed" in found["refusal"]
    assert found["mayStart"] is False
    assert found["sha256"] is found["kind"] is None
    assert answer["data"]["publishedContents"] is None
    assert "changed" in answer["errors"][0]["message"]
    assert await listed(await reading.persona("rita"), name="pub_changed") == []


async def test_store_that_is_away_leaves_what_the_records_know(
    shelf: Shelf, reading: Api, services: ApiServices, database: AsyncEngine, database_url: str
) -> None:
    """Where it was and why it does not answer is for operators; what was verified here once is shown in full."""
    await shelf.publish("pub_away", "1.0.0")
    await shelf.publish("pub_away", "1.1.0")
    content = (shelf.folder / "store" / "pub_away_v1.0.0.yaml").read_bytes()
    (kept,) = [one for one in await listed(await reading.persona("rita"), name="pub_away") if not one["isLatest"]]
    await reading.sql(
        "INSERT INTO process_artifact (name, version, kind, sha256, signed_by, description, manifest, content) "
        "VALUES ('pub_away', '1.0.0', 'process', $1, 'ci', 'Kept.', $2, $3)",
        kept["sha256"],
        '{"access": {"start": "everybody", "see": "everybody"}}',
        content,
    )
    shutil.rmtree(shelf.folder / "store")
    (shelf.folder / "store").write_text("no folder any more")
    later = library_of(shelf.section, async_sessionmaker(database, expire_on_commit=False))
    async with serving(replace(services, library=later), database_url) as api:
        rita, olga = await api.persona("rita"), await api.persona("olga")
        told, all_told = await rita.answer(STORE), await olga.answer(STORE)
        found = await listed(rita, name="pub_away")
        contents = await rita.answer(CONTENTS, name="pub_away", version="1.0.0")
    await later.close()

    assert names(found) == [("pub_away", "1.0.0")]
    assert found[0]["description"] == "Kept."
    assert contents["sha256"] == kept["sha256"]
    assert told["trouble"].startswith("The store of definitions does not answer")
    assert told["address"] is told["readAt"] is None
    assert str(shelf.folder) in all_told["trouble"]
    assert str(shelf.folder) in all_told["address"]


async def test_store_says_where_definitions_are_changed(reading: Api) -> None:
    """It is in Git; the address is the operator's to set."""
    told = await (await reading.persona("rita")).answer(STORE)

    assert told["repositoryUrl"] == "https://git.example.com/definitions"
    assert told["readAt"]
    assert told["trouble"] is None


async def test_nothing_is_published_without_a_store(api: Api) -> None:
    """An empty list, and no store to speak of."""
    rita = await api.persona("rita")

    assert await listed(rita) == []
    assert await rita.answer(STORE) is None
    assert await rita.answer(CONTENTS, name="any", version="1.0.0") is None
