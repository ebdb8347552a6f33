"""Starts by published version: which one it is, what is deployed for it, and what is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import asyncpg
import pytest

from tests.graphql_api.conftest import until
from tests.graphql_api.versions.conftest import CANCEL, RERUN, SHOWN, World, new_name
from tests.graphql_api.versions.shelf import EVERYBODY, model, package
from zeebe_fleet.adapters.postgres.connect import connect
from zeebe_fleet.adapters.postgres.logins import HISTORY, RECORDS, as_login
from zeebe_fleet.adapters.postgres.published import PostgresVersions
from zeebe_fleet.adapters.zeebe.connection import EngineConnection
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.bpmn.tooling.artifact import artifact_of
from zeebe_fleet.bpmn.tooling.artifact.signing import sign
from zeebe_fleet.bpmn.tooling.versions import ProcessVersions
from zeebe_fleet.deploy.arrivals import deploy_artifact
from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.deploy.bootstrap import connection_to
from zeebe_fleet.deploy.published import StoreDefinitions
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings
from zeebe_fleet.graphql_api.settings import ApiServices
from zeebe_fleet.workers.contract.artifacts import Published
from zeebe_fleet.workers.contract.errors import DefinitionError, FleetError
from zeebe_fleet.workers.contract.ports import DeployedProcess, Resource
from zeebe_fleet.workers.contract.versions import VersionRange


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
        latest, *_ = await world.engine.definitions(name)
        assert latest.version_tag == "1.1.0"


class Held(ZeebeEngine):
    """An engine that is asked to deploy, and waits to be let go."""

    def __init__(self, connection: EngineConnection) -> None:
        super().__init__(connection)
        self.let_go = asyncio.Event()

    async def deploy(self, resources: Sequence[Resource]) -> list[DeployedProcess]:
        """Deploy, once it may."""
        await self.let_go.wait()
        return await super().deploy(resources)


async def test_start_waits_for_what_another_process_deploys(world: World, zeebe: ZeebeSettings) -> None:
    """Between looking at what is deployed and deploying, nobody else does: the newer version is deployed last."""
    name = new_name()
    for version in ("1.0.0", "1.1.0"):
        await world.shelf.publish(name, version)
    known = PostgresVersions(world.api.database_url)
    older = VersionRange.read("1.0.0")
    assert older is not None
    async with Held(connection_to(zeebe)) as held:
        other = ProcessVersions(StoreDefinitions(world.shelf.store, world.shelf.publishers), known, held)
        first = asyncio.create_task(other.bring(name, older, deploys=True))
        await until(lambda: world.waiting_to_deploy(granted=True), bool)
        second = asyncio.create_task(world.started(name, "1.1.0"))
        await until(lambda: world.waiting_to_deploy(granted=False), bool)
        held.let_go.set()
        assert await first == "1.0.0"
        assert (await second)["processVersion"] == "engine:2"
    await known.close()


async def test_start_after_a_death_between_deploying_and_noting_it_finds_the_same_definition(world: World) -> None:
    """The engine has it, the records do not: its bytes say that it is the same, even below a newer one."""
    name = new_name()
    artifact = await world.shelf.publish(name, "1.0.0")
    (lost,) = await world.engine.deploy([Resource(f"{name}.bpmn", artifact.files[0].text.encode())])
    await world.shelf.publish(name, "1.1.0")
    assert (await world.started(name, "1.1.0"))["processVersion"] == "engine:2"
    assert (await world.started(name, "1.0.0", world.person))["processVersion"] == "engine:1"
    rows = await world.api.sql(
        "SELECT definition_key FROM process_artifact WHERE name = $1 AND version = '1.0.0'", name
    )
    assert [row["definition_key"] for row in rows] == [lost.definition_key]
    assert await world.engine_versions(name) == [1, 2]


async def test_engine_that_cannot_be_asked_says_the_same_of_the_same_bytes(world: World, zeebe: ZeebeSettings) -> None:
    """As before 8.8: what was deployed and not noted is deployed again, and is what it was."""
    name = new_name()
    artifact = await world.shelf.publish(name, "1.0.0")
    (lost,) = await world.engine.deploy([Resource(f"{name}.bpmn", artifact.files[0].text.encode())])
    known, exact = PostgresVersions(world.api.database_url), VersionRange.read("1.0.0")
    assert exact is not None
    async with ZeebeEngine(connection_to(zeebe.model_copy(update={"rest_address": ""}))) as mute:
        versions = ProcessVersions(StoreDefinitions(world.shelf.store, world.shelf.publishers), known, mute)
        assert await versions.bring(name, exact, deploys=True) == "1.0.0"
    (kept,) = await known.of(name)
    assert kept.definition_key == lost.definition_key
    await known.close()


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


@pytest.mark.parametrize("name", ["../hello_world", "a b", "x" * 300, "a/b", "..", "name\nof two lines"])
async def test_name_that_is_none_is_published_nowhere(world: World, name: str) -> None:
    """No store is asked for a path."""
    assert (await world.start(name, "1.0.0"))["__typename"] == "UnknownProcessVersion"
    assert (await world.start(name, "1.x"))["__typename"] == "UnknownProcessVersion"


async def test_key_that_an_engine_gives_out_again_is_not_the_version_any_more(world: World) -> None:
    """After it was wiped: a start by version never starts what has the key now."""
    name, other = new_name(), new_name()
    await world.shelf.publish(name, "1.0.0")
    await world.started(name, "1.0.0")
    (row,) = await world.api.sql("SELECT definition_key FROM process_artifact WHERE name = $1", name)
    again = DeployedProcess(other, 1, row["definition_key"], f"{other}.bpmn")
    await world.definitions.save([again], lambda _: model(other, "1.0.0").decode())
    (row,) = await world.api.sql("SELECT definition_key FROM process_artifact WHERE name = $1", name)
    assert row["definition_key"] is None
    assert (await world.started(name, "1.0.0"))["processName"] == name


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
