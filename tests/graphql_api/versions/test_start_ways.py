"""Ways in which a start by version can go wrong: each is refused for its reason, and nothing is left of it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.graphql_api.versions.conftest import World, new_name
from tests.graphql_api.versions.shelf import package
from zeebe_fleet.bpmn.tooling.artifact import artifact_of
from zeebe_fleet.bpmn.tooling.artifact.signing import new_key

Prepare = Callable[[World, str], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to ask for what cannot be had.

    Args:
        what: it is, in a few words.
        prepare: publishes, deploys or breaks something under a name.
        answer: type of what is answered.
        reason: pattern of what it says.
        version: that is asked for.
        variables: that are sent.
        person: who is nobody in particular asks, and no operator.
    """

    what: str
    prepare: Prepare
    answer: str
    reason: str
    version: str = "1.2.0"
    variables: Any = None
    person: bool = False


async def nothing(world: World, name: str) -> None:
    """Publish nothing."""


async def published(world: World, name: str, **manifest: Any) -> Any:
    """Publish the version."""
    return await world.shelf.publish(name, "1.2.0", **manifest)


async def another_version(world: World, name: str) -> None:
    """Publish another one only."""
    await world.shelf.publish(name, "1.1.0")


async def taken_away(world: World, name: str) -> None:
    """Publish it, and have somebody delete it."""
    world.shelf.file(await published(world, name)).unlink()


async def by_a_stranger(world: World, name: str) -> None:
    """Have it signed by a key that nobody knows."""
    await world.shelf.put(artifact_of(package(name, "1.2.0")), key=new_key()[0])


async def by_nobody(world: World, name: str) -> None:
    """Put it there without a signature."""
    artifact = artifact_of(package(name, "1.2.0"))
    await world.shelf.store.create(artifact.file, artifact.content)


async def under_another_version(world: World, name: str) -> None:
    """Copy an older version, well signed, to where this one would be."""
    older = await world.shelf.publish(name, "1.0.0")
    file = world.shelf.file(older)
    file.with_name(older.file.replace("1.0.0", "1.2.0")).write_bytes(file.read_bytes())


def changed(old: str, new: str) -> Prepare:
    """Publish it, and have somebody change its text."""

    async def change(world: World, name: str) -> None:
        await rewritten(world, name, lambda text: text.replace(old, new))

    return change


async def cut_short(world: World, name: str) -> None:
    """Leave half of it, as a disk that was full would."""
    await rewritten(world, name, lambda text: text[: len(text) // 2])


async def rewritten(world: World, name: str, rewrite: Callable[[str], str]) -> None:
    """Publish it, and have its text rewritten."""
    file = world.shelf.file(await published(world, name))
    file.chmod(0o644)
    text = rewrite(file.read_text())
    assert text != file.read_text()
    file.write_text(text)


async def newer_deployed(world: World, name: str) -> None:
    """Deploy a newer one from its folder."""
    await published(world, name)
    await world.deploy(name, "1.3.0")


async def required_is_missing(world: World, name: str) -> None:
    """Have it require what is not published."""
    missing = artifact_of(package(new_name(), "1.0.0"))
    await published(world, name, requires=[missing])


async def required_is_another(world: World, name: str) -> None:
    """Have it require other content than what is published."""
    called = await world.shelf.publish(new_name(), "1.0.0")
    await published(world, name, requires=[replace(called, sha256="0" * 64)])


async def refused_by_the_engine(world: World, name: str) -> None:
    """Publish a model that no engine takes."""
    whole = package(name, "1.2.0")
    await world.shelf.put(artifact_of(replace(whole, bpmn=whole.bpmn.replace(b'targetRef="end"', b'targetRef="lost"'))))


async def takes_an_amount(world: World, name: str) -> None:
    """Have it ask for an amount."""
    await published(world, name, input={"required": ["amount"], "properties": {"amount": {"type": "number"}}})


async def name_of_a_process(world: World, name: str) -> None:
    """Publish a case under the name of a process that is deployed."""
    await world.deploy(name, "1.0.0")
    await world.shelf.publish_case(name, "1.2.0")


WAYS = (
    Way("a version that is not published", another_version, "UnknownProcessVersion", "No version 1.2.0"),
    Way("a version that was deleted", taken_away, "UnknownProcessVersion", "No version 1.2.0"),
    Way("a range with nothing in it", another_version, "UnknownProcessVersion", "No version 2.x", "2.x"),
    Way("a name that nobody published", nothing, "UnknownProcessVersion", "No version 1.2.0"),
    Way("a name that may not be known of", nothing, "UnknownProcess", "There is no process", person=True),
    Way("half a version", published, "UnknownProcessVersion", "'1.2' is not a version", "1.2"),
    Way("a version with a zero before it", published, "UnknownProcessVersion", "is not a version", "01.2.0"),
    Way("a version before its release", published, "UnknownProcessVersion", "is not a version", "1.2.0-rc.1"),
    Way("a version with a path in it", published, "UnknownProcessVersion", "is not a version", "../1.2.0"),
    Way("a range of ranges", published, "UnknownProcessVersion", "is not a version", "^1.x"),
    Way("a version of the engine's that is not there", newer_deployed, "UnknownProcessVersion", "engine:9", "engine:9"),
    Way("an unknown signer", by_a_stranger, "ArtifactRefused", "signed by somebody unknown"),
    Way("no signer at all", by_nobody, "ArtifactRefused", "nobody signed it"),
    Way("a file changed inside", changed(".work", ".else"), "ArtifactRefused", "was changed"),
    Way(
        "a text changed around it",
        changed("Waits for", "Lacks"),
        "ArtifactRefused",
        "changed after ci signed",
    ),
    Way("an older version under its name", under_another_version, "ArtifactRefused", "it is .* 1.0.0 inside"),
    Way("a file that ends half-way", cut_short, "ArtifactRefused", "1.2.0.yaml"),
    Way("an older version than is deployed", newer_deployed, "VersionNotDeployed", "1.3.0 .* is deployed"),
    Way("a start that may not deploy", published, "VersionNotDeployed", "only for operators", person=True),
    Way("a requirement that is missing", required_is_missing, "UnknownProcessVersion", "No version 1.0.0"),
    Way("a requirement that is another", required_is_another, "ArtifactRefused", "not what was required"),
    Way("a model that the engine does not take", refused_by_the_engine, "EngineRefused", "lost"),
    Way("variables that are missing", takes_an_amount, "InvalidVariables", "amount missing"),
    Way("variables of another kind", takes_an_amount, "InvalidVariables", "amount: ", variables={"amount": "x"}),
    Way("a case called like a process", name_of_a_process, "ArtifactRefused", "known here as a process"),
)


@pytest.mark.parametrize("way", WAYS, ids=[way.what for way in WAYS])
async def test_start_that_cannot_be_is_refused(world: World, way: Way) -> None:
    """For its reason, with what to do; no workflow is left of it, and nothing new at the engine for who may not."""
    name = new_name()
    await way.prepare(world, name)
    before = await world.engine_versions(name)
    client = world.person if way.person else world.operator
    answer = await world.start(name, way.version, client, variables=way.variables)
    assert answer["__typename"] == way.answer, answer
    assert re.search(way.reason, answer["message"]), answer["message"]
    assert answer["suggestion"]
    assert await world.count(name) == 0
    if way.answer != "InvalidVariables":
        assert await world.engine_versions(name) == before
