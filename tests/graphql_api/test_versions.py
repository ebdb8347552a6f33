"""Starts by published version: a real store, real signatures, the records and the engine, all over sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.graphql_api.conftest import SERVICE_TOKEN, Api, Client, serving
from tests.graphql_api.shelf import EVERYBODY, Shelf, model, package
from zeebe_fleet.adapters.postgres.connect import connect
from zeebe_fleet.adapters.postgres.definitions import PostgresDefinitions
from zeebe_fleet.adapters.postgres.logins import HISTORY, RECORDS, as_login
from zeebe_fleet.adapters.postgres.outbox import PostgresOutbox
from zeebe_fleet.adapters.postgres.published import PostgresVersions
from zeebe_fleet.adapters.postgres.sweep import PostgresSweeper
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.bpmn.tooling.artifact import artifact_of
from zeebe_fleet.bpmn.tooling.artifact.signing import new_key, sign
from zeebe_fleet.bpmn.tooling.parse import read_model
from zeebe_fleet.bpmn.tooling.versions import ProcessVersions
from zeebe_fleet.deploy.arrivals import deploy_artifact, stamp
from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.deploy.published import StoreDefinitions
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings
from zeebe_fleet.workers.contract.artifacts import Published
from zeebe_fleet.workers.contract.errors import DefinitionError, FleetError
from zeebe_fleet.workers.contract.model import UNKNOWN, ProcessModel
from zeebe_fleet.workers.contract.ports import Resource
from zeebe_fleet.workers.relay import Relay

SHOWN = "workflow { workflowId state processName processVersion artifactName artifactVersion artifactSha256 input }"
START = f"""
mutation ($name: String!, $version: String, $variables: JSON, $key: String) {{
  startWorkflow(processName: $name, processVersion: $version, variables: $variables, idempotencyKey: $key) {{
    __typename ... on UserError {{ message suggestion }} ... on WorkflowStarted {{ {SHOWN} }}
    ... on InvalidVariables {{ errors {{ path rule message }} }} ... on VersionNotDeployed {{ version command }} }} }}
"""
RERUN = f"""
mutation ($id: UUID!, $version: String) {{ rerunWorkflow(workflowId: $id, processVersion: $version) {{
  __typename ... on UserError {{ message suggestion }} ... on WorkflowRerunning {{ {SHOWN} }} }} }}
"""
CANCEL = "mutation ($id: UUID!) { cancelWorkflow(workflowId: $id) { __typename } }"


async def _unknown(definition_key: int) -> ProcessModel:
    return UNKNOWN


@dataclass
class World:
    """An API in front of the engine, the records and a store."""

    api: Api
    shelf: Shelf
    engine: ZeebeEngine
    definitions: PostgresDefinitions
    operator: Client
    person: Client

    async def start(self, name: str, version: str | None = None, client: Client | None = None, **more: Any) -> Any:
        """Start a workflow, as an operator if nobody is named."""
        return await (client or self.operator).answer(START, name=name, version=version, **more)

    async def started(self, name: str, version: str | None = None, client: Client | None = None, **more: Any) -> Any:
        """Start a workflow that shall start."""
        answer = await self.start(name, version, client, **more)
        assert answer["__typename"] == "WorkflowStarted", answer
        return answer["workflow"]

    async def engine_versions(self, name: str) -> list[int]:
        """Return the engine's versions of a process, as the records know them."""
        rows = await self.api.sql("SELECT version FROM process_definition WHERE process_name = $1 ORDER BY 1", name)
        return [row["version"] for row in rows]

    async def count(self, name: str) -> int:
        """Count the workflows of a name."""
        query = "SELECT count(*) AS n FROM workflow WHERE process_name = $1 OR artifact_name = $1"
        return int((await self.api.sql(query, name))[0]["n"])

    async def deploy(self, name: str, version: str) -> None:
        """Deploy a package from its folder, as `fleet deploy` does."""
        local = package(name, version)
        deployed = await self.engine.deploy(local.resources())
        text = local.resources()[0].content.decode()
        await self.definitions.save(deployed, lambda _: text, {name: {}}, {name: EVERYBODY})


@pytest.fixture(scope="module")
def asked_engine(engine: ZeebeEngine) -> ZeebeEngine:
    """The real one."""
    return engine


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """The module's store: each test publishes names of its own."""
    return Shelf(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
async def world(services: ApiServices, engine: ZeebeEngine, database_url: str, shelf: Shelf) -> AsyncIterator[World]:
    """Everything, and two people: one who operates, and one who is nobody in particular."""
    outbox, sweeper = PostgresOutbox(database_url), PostgresSweeper(database_url, _unknown)
    known, definitions = PostgresVersions(database_url), PostgresDefinitions(database_url, read_model)
    published = StoreDefinitions(shelf.store, shelf.publishers)
    versions = ProcessVersions(published, known, engine, partial(stamp, shelf.publishers))
    wired = replace(services, delivery=Relay(outbox, sweeper, engine), versions=versions)
    settings = ApiSettings(service_token=SERVICE_TOKEN, deployer_groups=frozenset({"sales-managers"}))
    async with serving(wired, database_url, settings) as api:
        await deploy_generic_case(engine, definitions)
        people = await api.persona("olga"), await api.persona("rita")
        yield World(api, shelf, engine, definitions, *people)
    for opened in (outbox, sweeper, known, definitions):
        await opened.close()


async def deploy_generic_case(engine: ZeebeEngine, definitions: PostgresDefinitions) -> None:
    """Deploy something that is called like the process which runs cases, and that operators alone may start."""
    text = model("generic_case", "1.0.0").decode()
    deployed = await engine.deploy([Resource("generic_case.bpmn", text.encode())])
    await definitions.save(deployed, lambda _: text)


def new_name() -> str:
    """Return a name that nobody has."""
    return f"v{uuid4().hex[:10]}"


async def test_start_by_version_deploys_it_once_and_records_what_it_was(world: World) -> None:
    """Unknown here and at the engine: fetched, verified, deployed, started; the next one finds all that."""
    name = new_name()
    artifact = await world.shelf.publish(name, "1.2.0")
    first, second = await world.started(name, "1.2.0"), await world.started(name, "1.2.0")
    for workflow in (first, second):
        assert workflow["artifactName"] == name
        assert (workflow["artifactVersion"], workflow["artifactSha256"]) == ("1.2.0", artifact.sha256)
        assert workflow["state"] in ("STARTING", "RUNNING")
    assert first["processVersion"] == second["processVersion"] == "engine:1"
    (kept,) = await world.api.sql("SELECT * FROM process_artifact WHERE name = $1", name)
    assert (kept["sha256"], kept["signed_by"], kept["kind"]) == (artifact.sha256, "ci", "process")
    assert kept["published_at"] is not None


async def test_two_starts_at_once_of_an_unknown_version_deploy_it_once(world: World) -> None:
    """Eight people at the same moment: eight workflows, one definition."""
    name = new_name()
    await world.shelf.publish(name, "1.0.0")
    workflows = await asyncio.gather(*(world.started(name, "1.0.0") for _ in range(8)))
    assert len({one["workflowId"] for one in workflows}) == 8
    assert {one["processVersion"] for one in workflows} == {"engine:1"}
    assert await world.engine_versions(name) == [1]


async def test_two_versions_at_once_never_end_with_the_older_one_as_latest(world: World) -> None:
    """Whichever is first; the older one is refused when it is second."""
    names = [new_name() for _ in range(6)]
    for name in names:
        for version in ("1.0.0", "1.1.0"):
            await world.shelf.publish(name, version)
    told = await asyncio.gather(*(world.start(name, version) for name in names for version in ("1.1.0", "1.0.0")))
    assert {one["__typename"] for one in told} <= {"WorkflowStarted", "VersionNotDeployed"}
    for name in names:
        latest = await world.engine.latest_definition(name)
        assert latest is not None
        assert latest.version_tag == "1.1.0"


async def test_start_after_a_death_between_deploying_and_noting_it_finds_the_same_definition(world: World) -> None:
    """The engine has it, the records do not: its bytes say that it is the same."""
    name = new_name()
    artifact = await world.shelf.publish(name, "1.0.0")
    (lost,) = await world.engine.deploy([Resource(f"{name}.bpmn", artifact.files[0].text.encode())])
    await world.started(name, "1.0.0")
    (row,) = await world.api.sql("SELECT definition_key, version FROM process_definition WHERE process_name = $1", name)
    assert (row["definition_key"], row["version"]) == (lost.definition_key, lost.version)


async def test_version_deployed_from_its_folder_is_found_by_its_bytes(world: World) -> None:
    """Who may not deploy by starting starts it all the same; afterwards `fleet deploy` finds it too."""
    name = new_name()
    await world.deploy(name, "1.0.0")
    await world.deploy(name, "1.1.0")
    await world.shelf.publish(name, "1.0.0")
    workflow = await world.started(name, "1.0.0", world.person)
    assert workflow["processVersion"] == "engine:1"
    await world.deploy(name, "1.0.0")
    assert (await world.started(name, "1.0.0", world.person))["processVersion"] == "engine:3"


async def test_range_becomes_one_version_once(world: World) -> None:
    """The newest that fits is recorded, and stays what it was when newer ones are published."""
    name = new_name()
    for version in ("1.2.9", "1.2.10", "1.3.0", "2.0.0"):
        await world.shelf.publish(name, version)
    became = [(await world.started(name, one))["artifactVersion"] for one in ("1.2.x", "^1.2", "1.x")]
    assert became == ["1.2.10", "1.3.0", "1.3.0"]
    first = await world.started(name, "1.x", key="once")
    await world.shelf.publish(name, "1.4.0")
    assert (await world.started(name, "1.x", key="once"))["workflowId"] == first["workflowId"]
    assert (await world.started(name, "1.x"))["artifactVersion"] == "1.4.0"
    read = await world.operator.ask(
        f"query ($id: UUID!) {{ {SHOWN.replace('workflow {', 'workflow(workflowId: $id) {')} }}", id=first["workflowId"]
    )
    assert read["workflow"]["artifactVersion"] == "1.3.0"


async def test_range_means_what_may_run_here_to_who_may_not_deploy(world: World) -> None:
    """A newer version that is published and not deployed is passed over."""
    name = new_name()
    await world.shelf.publish(name, "1.0.0")
    await world.started(name, "1.0.0")
    await world.shelf.publish(name, "1.1.0")
    assert (await world.started(name, "1.x", world.person))["artifactVersion"] == "1.0.0"


async def test_version_older_than_what_is_deployed_is_not_deployed_by_a_start(world: World) -> None:
    """It would become the engine's latest: the refusal names the command, which does it on purpose."""
    name = new_name()
    await world.shelf.publish(name, "1.1.0")
    await world.started(name, "1.1.0")
    await world.shelf.publish(name, "1.0.0")
    answer = await world.start(name, "1.0.0")
    assert answer["__typename"] == "VersionNotDeployed"
    assert "1.1.0 (engine:1) is deployed" in answer["message"]
    assert answer["command"] == f"fleet deploy --artifact {name} --version 1.0.0"
    assert answer["command"] in answer["suggestion"]
    assert await world.engine_versions(name) == [1]
    assert await world.count(name) == 1


async def test_old_version_is_deployed_on_purpose(world: World, settings: Settings) -> None:
    """By the command of the refusal; then it can be started, also by who may not deploy."""
    name = new_name()
    await world.shelf.publish(name, "1.1.0")
    await world.started(name, "1.1.0")
    await world.shelf.publish(name, "1.0.0")
    (said,) = await deploy_artifact(settings, name, "1.0.0")
    assert "version 2" in said
    assert "latest" in said
    workflow = await world.started(name, "1.0.0", world.person)
    assert (workflow["artifactVersion"], workflow["processVersion"]) == ("1.0.0", "engine:2")
    assert (await world.started(name, "1.1.0", world.person))["processVersion"] == "engine:1"


@pytest.fixture(scope="module")
def settings(database_url: str, zeebe: ZeebeSettings, shelf: Shelf) -> Settings:
    """As the command line reads them."""
    artifacts = ArtifactsSection(store=str(shelf.folder / "store"), publishers=shelf.publishers)
    return Settings(database_url=database_url, zeebe=zeebe, artifacts=artifacts)


async def test_command_refuses_what_cannot_be_had(world: World, settings: Settings) -> None:
    """A version nobody published, one that is none, and no store at all."""
    with pytest.raises(FleetError, match=r"No version 9\.9\.9"):
        await deploy_artifact(settings, new_name(), "9.9.9")
    with pytest.raises(FleetError, match="is not a version"):
        await deploy_artifact(settings, new_name(), "newest")
    with pytest.raises(FleetError, match="No store"):
        await deploy_artifact(settings.model_copy(update={"artifacts": ArtifactsSection()}), new_name(), "1.0.0")


async def test_definition_whose_version_nobody_knows_is_taken_for_newer(world: World) -> None:
    """Deployed through the fleet without a version: a start moves nothing back that might be newer."""
    name = new_name()
    text = model(name).decode()
    deployed = await world.engine.deploy([Resource(f"{name}.bpmn", text.encode())])
    await world.definitions.save(deployed, lambda _: text, {}, {name: EVERYBODY})
    await world.shelf.publish(name, "1.0.0")
    answer = await world.start(name, "1.0.0")
    assert answer["__typename"] == "VersionNotDeployed"
    assert "engine:1 is deployed, and nothing says that it is older" in answer["message"]


async def test_newer_version_that_somebody_deployed_past_the_fleet_counts(world: World) -> None:
    """By what its model calls itself, or as unknown; an older one does not stand in the way."""
    told = []
    for tag in ("1.1.0", "", "0.9.0"):
        name = new_name()
        await world.engine.deploy([Resource(f"{name}.bpmn", model(name, tag))])
        await world.shelf.publish(name, "1.0.0")
        told.append((await world.start(name, "1.0.0"))["__typename"])
    assert told == ["VersionNotDeployed", "VersionNotDeployed", "WorkflowStarted"]


async def test_newer_version_than_what_is_deployed_is_deployed(world: World) -> None:
    """Whether that came from a folder or from the store."""
    name = new_name()
    await world.deploy(name, "1.0.0")
    await world.shelf.publish(name, "1.1.0")
    assert (await world.started(name, "1.1.0"))["processVersion"] == "engine:2"


async def test_version_tag_is_no_lock(world: World) -> None:
    """A model that calls itself by the version and is another is not what is started."""
    name = new_name()
    forged = model(name, "1.0.0").replace(b'id="work"', b'id="other"').replace(b'Ref="work"', b'Ref="other"')
    deployed = await world.engine.deploy([Resource(f"{name}.bpmn", forged)])
    await world.definitions.save(deployed, lambda _: forged.decode(), {}, {name: EVERYBODY})
    await world.shelf.publish(name, "1.0.0")
    assert (await world.started(name, "1.0.0"))["processVersion"] == "engine:2"


async def test_deploying_by_starting_is_a_right_of_its_own(world: World) -> None:
    """Who may start the process may not for that reason deploy; a group that is named may."""
    name = new_name()
    await world.shelf.publish(name, "1.0.0")
    answer = await world.start(name, "1.0.0", world.person)
    assert answer["__typename"] == "VersionNotDeployed"
    assert "FLEET_API__DEPLOYER_GROUPS" in answer["message"]
    assert await world.engine_versions(name) == []
    sam = await world.api.persona("sam")
    assert (await world.started(name, "1.0.0", sam))["artifactVersion"] == "1.0.0"


async def test_version_that_is_not_published_is_refused_and_never_replaced(world: World) -> None:
    """Nor is one that can no longer be had, when it is not known here."""
    name = new_name()
    await world.shelf.publish(name, "1.0.0")
    await world.started(name, "1.0.0")
    answer = await world.start(name, "1.0.1")
    assert answer["__typename"] == "UnknownProcessVersion"
    gone = await world.shelf.publish(name, "1.1.0")
    world.shelf.file(gone).unlink()
    assert (await world.start(name, "1.1.0"))["__typename"] == "UnknownProcessVersion"
    assert await world.count(name) == 1


async def test_artifact_of_an_unknown_signer_is_refused(world: World) -> None:
    """Signed well, by a key that the policy does not know: nothing is kept, deployed or started."""
    name = new_name()
    await world.shelf.put(artifact_of(package(name, "1.0.0")), key=new_key()[0])
    answer = await world.start(name, "1.0.0")
    assert answer["__typename"] == "ArtifactRefused"
    assert "signed by somebody unknown" in answer["message"]
    assert await world.api.sql("SELECT 1 FROM process_artifact WHERE name = $1", name) == []
    assert await world.engine_versions(name) == []


async def test_artifact_changed_after_it_was_signed_is_refused(world: World) -> None:
    """A file inside, and the content around it."""
    for old, new in (("Waits for a job.", "Waits for nobody."), (".work", ".else")):
        name = new_name()
        file = world.shelf.file(await world.shelf.publish(name, "1.0.0"))
        file.chmod(0o644)
        file.write_text(file.read_text().replace(old, new))
        answer = await world.start(name, "1.0.0")
        assert answer["__typename"] == "ArtifactRefused"
        assert "changed" in answer["message"]


async def test_artifact_exchanged_in_the_store_changes_nothing_that_is_known(world: World) -> None:
    """Signed anew by somebody who may, under the same version: what was verified first is what runs."""
    name = new_name()
    first = await world.shelf.publish(name, "1.0.0")
    await world.started(name, "1.0.0")
    world.shelf.file(first).unlink()
    other = await world.shelf.publish(name, "1.0.0", description="Another one.")
    assert other.sha256 != first.sha256
    assert (await world.started(name, "1.0.0"))["artifactSha256"] == first.sha256


async def test_version_that_is_known_is_kept_with_no_other_content(world: World) -> None:
    """Whoever brings it, and however well it is signed."""
    name = new_name()
    first = await world.shelf.publish(name, "1.0.0")
    await world.started(name, "1.0.0")
    other = artifact_of(package(name, "1.0.0", description="Another one."))
    known = PostgresVersions(world.api.database_url)
    with pytest.raises(DefinitionError, match=f"(?s)changed after it was published.*{first.sha256}.*{other.sha256}"):
        await known.keep(Published(other, "ci", sign(other, world.shelf.key)), None)
    await known.close()


async def test_signer_who_is_revoked_counts_no_more(world: World, services: ApiServices) -> None:
    """Neither for what is not here yet, nor for what was."""
    name = new_name()
    await world.shelf.publish(name, "1.0.0")
    await world.started(name, "1.0.0")
    world.shelf.write_policy(revoked="its laptop was stolen")
    answer = await world.start(name, "1.0.0")
    world.shelf.write_policy()
    assert answer["__typename"] == "ArtifactRefused"
    assert "revoked" in answer["message"]
    assert (await world.started(name, "1.0.0"))["artifactVersion"] == "1.0.0"


async def test_what_is_known_starts_while_the_store_is_away(world: World) -> None:
    """And what is not is refused, and loses nothing: the same request does when the store is back."""
    name = new_name()
    await world.shelf.publish(name, "1.0.0")
    await world.started(name, "1.0.0")
    await world.shelf.publish(name, "1.1.0")
    store, away = world.shelf.folder / "store", world.shelf.folder / "away"
    store.rename(away)
    store.write_text("No folder any more.")
    try:
        assert (await world.started(name, "1.0.0"))["artifactVersion"] == "1.0.0"
        assert (await world.started(name, "1.x"))["artifactVersion"] == "1.0.0"
        assert (await world.started(name))["processVersion"] == "engine:1"
        answer = await world.start(name, "1.1.0", key="kept")
        assert answer["__typename"] == "ArtifactStoreAway"
        assert (await world.start(new_name(), "1.0.0"))["__typename"] == "ArtifactStoreAway"
    finally:
        store.unlink()
        away.rename(store)
    assert (await world.started(name, "1.1.0", key="kept"))["artifactVersion"] == "1.1.0"


async def test_variables_are_held_against_the_very_version(world: World) -> None:
    """Each error is told by path and rule, and no value is repeated."""
    name = new_name()
    schema = {
        "type": "object",
        "required": ["order"],
        "properties": {
            "order": {
                "type": "object",
                "required": ["email"],
                "properties": {"items": {"type": "array", "items": {"properties": {"amount": {"type": "number"}}}}},
            }
        },
        "additionalProperties": False,
    }
    await world.shelf.publish(name, "1.0.0")
    await world.shelf.publish(name, "1.1.0", input=schema)
    sent = {"order": {"items": [{"amount": 1}, {"amount": "secret"}]}, "more": "secret"}
    await world.started(name, "1.0.0", variables=sent)
    answer = await world.start(name, "1.1.0", variables=sent)
    assert answer["__typename"] == "InvalidVariables"
    assert [(one["path"], one["rule"]) for one in answer["errors"]] == [
        ("", "additionalProperties"),
        ("order.email", "required"),
        ("order.items[1].amount", "type"),
    ]
    assert "secret" not in str(answer)
    assert await world.count(name) == 1


async def test_rerun_keeps_its_version_unless_told_otherwise(world: World) -> None:
    """Whatever was published and deployed since."""
    name = new_name()
    first = await world.shelf.publish(name, "1.0.0")
    workflow = await world.started(name, "1.0.0")
    await world.shelf.publish(name, "1.1.0")
    await world.started(name, "1.1.0")
    await world.operator.answer(CANCEL, id=workflow["workflowId"])
    again = (await world.operator.answer(RERUN, id=workflow["workflowId"]))["workflow"]
    assert (again["artifactVersion"], again["artifactSha256"]) == ("1.0.0", first.sha256)
    assert again["processVersion"] == "engine:1"
    await world.operator.answer(CANCEL, id=again["workflowId"])
    other = (await world.operator.answer(RERUN, id=again["workflowId"], version="1.x"))["workflow"]
    assert (other["artifactVersion"], other["processVersion"]) == ("1.1.0", "engine:2")
    await world.operator.answer(CANCEL, id=other["workflowId"])
    plain = (await world.operator.answer(RERUN, id=other["workflowId"], version="engine:1"))["workflow"]
    assert (plain["artifactVersion"], plain["processVersion"]) == (None, "engine:1")


async def test_rerun_by_a_version_that_does_not_take_its_variables_is_refused(world: World) -> None:
    """The new version asks for more than it was started with."""
    name = new_name()
    await world.shelf.publish(name, "1.0.0")
    workflow = await world.started(name, "1.0.0")
    await world.shelf.publish(name, "2.0.0", input={"required": ["email"]})
    await world.operator.answer(CANCEL, id=workflow["workflowId"])
    answer = await world.operator.answer(RERUN, id=workflow["workflowId"], version="2.0.0")
    assert answer["__typename"] == "InvalidVariables"


async def test_required_versions_are_brought_along(world: World) -> None:
    """What a process calls is deployed before it, and is what was pinned."""
    called, caller = new_name(), new_name()
    pinned = await world.shelf.publish(called, "1.0.0")
    await world.shelf.publish(caller, "1.0.0", requires=[pinned])
    await world.started(caller, "1.0.0")
    assert await world.engine_versions(called) == [1]
    other = replace(pinned, sha256="0" * 64)
    await world.shelf.publish(caller, "1.1.0", requires=[other])
    answer = await world.start(caller, "1.1.0")
    assert answer["__typename"] == "ArtifactRefused"
    assert "not what was required" in answer["message"]


async def test_process_nobody_may_start_looks_like_none(world: World) -> None:
    """Published, not deployed, and for operators alone: others are told what they would be told of any name."""
    name = new_name()
    await world.shelf.publish(name, "1.0.0", access={})
    hidden = await world.start(name, "1.0.0", world.person)
    guessed = await world.start(new_name(), "1.0.0", world.person)
    assert hidden["__typename"] == guessed["__typename"] == "UnknownProcess"
    assert (await world.started(name, "1.0.0"))["artifactVersion"] == "1.0.0"


@pytest.mark.parametrize(
    "version", ["1", "1.2", "x", "^1.x", "01.2.0", "1.2.0.0", "1.x.3", "^", "1.2.0 ", "../1.2.0", "v1.2.0"]
)
async def test_what_is_no_version_is_refused(world: World, version: str) -> None:
    """With what would be one."""
    answer = await world.start(new_name(), version)
    assert answer["__typename"] == "UnknownProcessVersion"
    assert "Write 1.2.0" in answer["suggestion"]


async def test_case_is_started_by_its_name_and_version(world: World) -> None:
    """On the newest generic process, with the two variables that name it, by the rules of its own head."""
    name = new_name()
    artifact = await world.shelf.publish_case(name, "1.2.0")
    workflow = await world.started(name, "1.x", world.person, variables={"amount": 1})
    assert workflow["processName"] == "generic_case"
    assert (workflow["artifactName"], workflow["artifactVersion"]) == (name, "1.2.0")
    assert workflow["artifactSha256"] == artifact.sha256
    assert workflow["input"] == {"amount": 1}
    instance = await world.api.sql(
        "SELECT process_instance_key AS key FROM workflow WHERE workflow_id = $1", workflow["workflowId"]
    )
    view = await world.engine.instance_view(instance[0]["key"])
    told = {one.name: one.value for one in view.variables}
    assert (told["process_name"], told["process_version"]) == (f'"{name}"', '"1.2.0"')


async def test_case_without_a_version_is_the_newest_published(world: World) -> None:
    """Each start says which it became; a re-run keeps it."""
    name = new_name()
    await world.shelf.publish_case(name, "1.2.0")
    first = await world.started(name, client=world.person)
    await world.shelf.publish_case(name, "1.10.0")
    second = await world.started(name, client=world.person)
    assert [one["artifactVersion"] for one in (first, second)] == ["1.2.0", "1.10.0"]
    await world.person.answer(CANCEL, id=first["workflowId"])
    again = (await world.person.answer(RERUN, id=first["workflowId"]))["workflow"]
    assert again["artifactVersion"] == "1.2.0"


async def test_generic_case_started_by_its_own_name_is_that_case(world: World) -> None:
    """Its two variables mean what name and version do: a range becomes a version, and the head says who may."""
    name = new_name()
    await world.shelf.publish_case(name, "1.2.0", input={"required": ["amount"]})
    said = {"process_name": name, "process_version": "1.x", "amount": 1}
    workflow = await world.started("generic_case", client=world.person, variables=said)
    assert (workflow["artifactName"], workflow["artifactVersion"]) == (name, "1.2.0")
    assert workflow["input"] == {"amount": 1}
    lacking = await world.start(
        "generic_case", client=world.person, variables={**said, "amount": None} | {"process_version": "1.2.0"}
    )
    assert lacking["__typename"] == "WorkflowStarted"
    del said["amount"]
    refused = await world.start("generic_case", client=world.person, variables=said)
    assert [one["path"] for one in refused["errors"]] == ["amount"]


async def test_generic_case_runs_no_process(world: World) -> None:
    """Neither one that is deployed, nor one that would be for it, nor itself."""
    deployed, published = new_name(), new_name()
    await world.shelf.publish(deployed, "1.0.0")
    await world.started(deployed, "1.0.0")
    await world.shelf.publish(published, "1.0.0")
    told = []
    for name in (deployed, published):
        said = {"process_name": name, "process_version": "1.0.0"}
        told.append((await world.start("generic_case", variables=said))["__typename"])
    assert told == ["InvalidVariables", "VersionNotDeployed"]
    assert await world.engine_versions(published) == []
    itself = {"process_name": "generic_case", "process_version": "1.0.0"}
    assert (await world.start("generic_case", variables=itself))["__typename"] == "UnknownProcessVersion"


async def test_generic_case_has_versions_of_its_own(world: World) -> None:
    """Published like any process: the version that is asked for runs the case, whatever is the newest."""
    name = new_name()
    await world.shelf.publish_case(name, "1.0.0")
    said = {"process_name": name, "process_version": "1.x"}
    texts = await world.shelf.publish("generic_case", "7.0.0")
    deployed = await world.engine.deploy([Resource("generic_case.bpmn", texts.files[0].text.encode())])
    await world.definitions.save(deployed, lambda _: texts.files[0].text)
    (newest,) = await world.engine.deploy([Resource("generic_case.bpmn", model("generic_case", "7.0.1"))])
    await world.definitions.save([newest], lambda _: model("generic_case", "7.0.1").decode())
    became = [(await world.started("generic_case", one, variables=said))["processVersion"] for one in ("7.x", None)]
    assert became == [f"engine:{deployed[0].version}", f"engine:{newest.version}"]
    workflow = await world.started(name, f"engine:{deployed[0].version}")
    assert (workflow["artifactVersion"], workflow["processVersion"]) == ("1.0.0", became[0])
    assert (await world.start("generic_case", "8.0.0", variables=said))["__typename"] == "UnknownProcessVersion"


@pytest.mark.parametrize(
    ("variables", "paths"),
    [
        ({}, ["process_name", "process_version"]),
        ({"process_name": "expense"}, ["process_version"]),
        ({"process_name": "../x", "process_version": "1.0.0"}, ["process_name"]),
        ({"process_name": 7, "process_version": "newest"}, ["process_name", "process_version"]),
    ],
)
async def test_generic_case_without_a_case_is_refused(world: World, variables: Any, paths: list[str]) -> None:
    """At the mutation, by the path of what is wrong."""
    answer = await world.start("generic_case", variables=variables)
    assert answer["__typename"] == "InvalidVariables"
    assert [one["path"] for one in answer["errors"]] == paths


async def test_generic_case_of_an_unknown_case_is_refused(world: World) -> None:
    """Whoever asks; nothing is started that would fail in its first step."""
    said = {"process_name": new_name(), "process_version": "1.0.0"}
    assert (await world.start("generic_case", variables=said))["__typename"] == "UnknownProcessVersion"
    assert (await world.start("generic_case", None, world.person, variables=said))["__typename"] == "UnknownProcess"


async def test_variables_that_name_the_case_are_not_for_callers(world: World) -> None:
    """Who starts a case by its name cannot have another one run."""
    name = new_name()
    await world.shelf.publish_case(name, "1.0.0")
    answer = await world.start(name, "1.0.0", variables={"process_name": "another", "process_version": "9.0.0"})
    assert answer["__typename"] == "InvalidVariables"
    assert [(one["path"], one["rule"]) for one in answer["errors"]] == [
        ("process_name", "reserved"),
        ("process_version", "reserved"),
    ]


async def test_workflows_of_a_case_are_for_whom_its_head_names(world: World) -> None:
    """Listed by the case's name, seen by its own rules: those of the generic process do not count."""
    hidden, open_to_all = new_name(), new_name()
    await world.shelf.publish_case(hidden, "1.0.0", access={"start": "everybody"})
    await world.shelf.publish_case(open_to_all, "1.0.0")
    query = "query ($n: String!) { workflows(filter: {processName: $n}) { edges { node { artifactName } } } }"
    one = "query ($id: UUID!) { workflow(workflowId: $id) { artifactName } }"
    started = [(await world.started(name, "1.0.0"))["workflowId"] for name in (hidden, open_to_all)]
    sam = await world.api.persona("sam")
    assert [await sam.answer(one, id=workflow_id) for workflow_id in started] == [None, {"artifactName": open_to_all}]
    assert (await sam.answer(query, n=hidden))["edges"] == []
    assert (await sam.answer(query, n=open_to_all))["edges"] == [{"node": {"artifactName": open_to_all}}]
    assert len((await world.operator.answer(query, n=hidden))["edges"]) == 1


async def test_case_takes_no_name_of_a_process(world: World) -> None:
    """Who starts it could not tell which of the two it would be."""
    name = new_name()
    await world.deploy(name, "1.0.0")
    await world.shelf.publish_case(name, "2.0.0")
    answer = await world.start(name, "2.0.0")
    assert answer["__typename"] == "ArtifactRefused"
    assert "known here as a process" in answer["message"]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM process_artifact WHERE name = $1", "permission denied"),
        ("UPDATE process_artifact SET content = '' WHERE name = $1", "permission denied"),
        ("UPDATE process_artifact SET sha256 = '' WHERE name = $1", "permission denied"),
    ],
)
async def test_known_version_is_changed_by_no_login_of_the_fleet(world: World, statement: str, said: str) -> None:
    """What was verified stays what it was."""
    name = new_name()
    await world.shelf.publish(name, "1.0.0")
    await world.started(name, "1.0.0")
    connection = await connect(as_login(world.api.database_url, RECORDS))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=said):
        await connection.execute(statement, name)
    await connection.close()


async def test_known_version_stays_while_workflows_refer_to_it(world: World) -> None:
    """Not even the login that gives up history deletes it before they are."""
    name = new_name()
    await world.shelf.publish(name, "1.0.0")
    await world.started(name, "1.0.0")
    connection = await connect(as_login(world.api.database_url, HISTORY))
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await connection.execute("DELETE FROM process_artifact WHERE name = $1", name)
    await connection.close()
