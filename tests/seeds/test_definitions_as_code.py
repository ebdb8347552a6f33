"""The document on definitions as code, on the engine, PostgreSQL and an S3 server: its sentence, and the others."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import jsonschema
import pytest
import yaml

from tests.e2e.desk import START, Desk, settings_for
from tests.s3_server import S3Server
from zeebe_fleet.adapters.artifacts import store_of
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.bpmn.shipped import PROCESSES
from zeebe_fleet.bpmn.tooling.artifact import artifact_of, read_artifact
from zeebe_fleet.bpmn.tooling.case import CASE, CaseWalk, load_case
from zeebe_fleet.bpmn.tooling.lint import lint_path
from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.deploy.bootstrap import connection_to
from zeebe_fleet.deploy.keys import new_key
from zeebe_fleet.deploy.local.stack import Addresses
from zeebe_fleet.deploy.settings import ZeebeSettings
from zeebe_fleet.deploy.testing import _roles

ARTIFACT = "expense_approval_v1.2.0.yaml"
SPENT = {"employee": "paul", "amount": 120, "purpose": "A train"}
BROKEN = [
    ("  - {from: pay_out, to: approved}\n", "", "case-jobs-lead-on"),
    ("kind: decision", "kind: decisive", "package-is-readable"),
    ("amount > 1000", "amount >", "case-expressions-can-be-parsed"),
    ("to: withdrawn}", "to: nowhere}", "case-transitions-lead-somewhere"),
]
"""What is written instead of what, and the rule that finds it."""
FILLED = {"amount": 120, "purpose": "A train"}


@dataclass(frozen=True)
class Repository:
    """A Git repository of definitions, and the commands that its pipeline runs there."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def definition(self) -> Path:
        """The folder of the expense approval."""
        return self.folder / "expense_approval"

    async def run(self, *command: str) -> str:
        """Run a command that goes well; returns what it says."""
        status, said = await self.tried(*command)
        assert status == 0, said
        return said

    async def tried(self, *command: str) -> tuple[int, str]:
        """Run a command; returns its status, and what it says."""
        return await asyncio.to_thread(self._run, *command)

    async def commit(self, message: str, **replaced: str) -> str:
        """Commit a change of the definition; returns the commit."""
        file = self.definition / CASE
        text = file.read_text()
        for old, new in replaced.items():
            assert old in text
            text = text.replace(old, new)
        file.write_text(text)
        await self.run("git", "add", ".")
        await self.run("git", "commit", "--quiet", "--message", message)
        return (await self.run("git", "rev-parse", "HEAD")).strip()

    def _run(self, *command: str) -> tuple[int, str]:
        named = [sys.executable, "-m", "zeebe_fleet.deploy.cli", *command[1:]] if command[0] == "fleet" else command
        done = subprocess.run(
            named, cwd=self.folder, env={**os.environ, **self.environment}, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
async def bucket(s3: S3Server) -> str:
    """A bucket that is empty."""
    return await s3.new_bucket()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publisher's key, and the policy that trusts it."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "publishers.yaml").write_text(new_key("the pipeline", folder / "signing.key"))
    return folder


@pytest.fixture(scope="module")
async def repository(s3: S3Server, bucket: str, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A definitions repository with one commit."""
    git = {f"GIT_{who}_{what}": "tests" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    store = {**s3.settings(f"s3://{bucket}/processes"), "FLEET_ARTIFACTS__PUBLISHERS": str(keys / "publishers.yaml")}
    signing = {"FLEET_ARTIFACTS__SIGNING_KEY_FILE": str(keys / "signing.key")}
    made = Repository(tmp_path_factory.mktemp("processes"), {**git, **store, **signing})
    shutil.copytree(PROCESSES / "expense_approval", made.definition)
    await made.run("git", "init", "--quiet")
    await made.commit("Approve expenses")
    return made


@pytest.fixture(scope="module")
async def desk(
    addresses: Addresses, zeebe: ZeebeSettings, database_url: str, s3: S3Server, bucket: str, keys: Path
) -> AsyncIterator[Desk]:
    """Every role at work, with the bucket for a store."""
    artifacts = ArtifactsSection(
        store=f"s3://{bucket}/processes",
        endpoint=s3.endpoint,
        access_key_id=s3.key,
        secret_access_key=s3.secret,
        publishers=keys / "publishers.yaml",
    )
    settings = settings_for(database_url, addresses, zeebe, artifacts)
    records = await asyncpg.connect(database_url)
    async with _roles(settings) as fleet, ZeebeEngine(connection_to(zeebe)) as engine:
        yield Desk(fleet.client, settings.api_url, records, settings, engine, keys)
    await records.close()


async def started(desk: Desk, version: str) -> dict[str, Any]:
    """Start a case by a version, whatever is answered."""
    asked = {"name": "expense_approval", "version": version, "variables": SPENT}
    answer: dict[str, Any] = (await desk.client.ask(START, **asked))["answer"]
    return answer


@pytest.mark.timeout(180)
async def test_definition_is_linted_tested_published_and_run(
    repository: Repository, desk: Desk, s3: S3Server, bucket: str
) -> None:
    """Lint, validate, test transitions, publish to the bucket, start by name and version, fetch exactly that first."""
    assert "in order" in await repository.run("fleet", "lint", ".")
    schema = json.loads((PROCESSES / "schemas" / "case.schema.json").read_text())
    jsonschema.validate(yaml.safe_load((repository.definition / CASE).read_text()), schema)
    tested = await repository.run("fleet", "test", "expense_approval", "--filter", "not offered")
    assert "1 of 1 test cases passed" in tested

    said = await repository.run("fleet", "publish", ".")
    assert f"as {ARTIFACT} in s3://{bucket}/processes" in said
    stored = s3.client().get_object(Bucket=bucket, Key=f"processes/{ARTIFACT}")["Body"].read()
    signed = read_artifact(stored, ARTIFACT)

    workflow_id = (await started(desk, "1.2.0"))["workflow"]["workflowId"]
    await desk.act(workflow_id, "submit", **FILLED)
    await desk.act(workflow_id, "approve")
    output = await desk.ended(workflow_id)
    assert (output["process_name"], output["process_version"]) == ("expense_approval", "1.2.0")
    assert output["case_definition"]["sha256"] == signed.artifact.sha256
    assert output["case_status"] == "APPROVED"
    first = (await desk.steps(workflow_id))[0]
    assert first == ("fetch_definition", "COMPLETED")
    (kept,) = await desk.rows("SELECT content, signed_by FROM process_artifact WHERE version = '1.2.0'")
    assert (bytes(kept["content"]), kept["signed_by"]) == (stored, "the pipeline")


async def test_definitions_are_text_that_people_read(repository: Repository) -> None:
    """YAML in the repository, YAML in the store: the same definition, and the same bytes each time it is made."""
    package = load_case(repository.definition)
    artifact, again = artifact_of(package), artifact_of(load_case(repository.definition))
    assert artifact.content == again.content
    read = yaml.safe_load(artifact.content.decode())
    assert read["case"] == package.definition.to_data()
    assert yaml.safe_load(package.text) == read["case"]


async def test_repository_is_the_single_source_of_truth(repository: Repository, tmp_path: Path) -> None:
    """What is published comes from a commit alone: a fresh clone makes the same artifact."""
    await repository.run("git", "clone", "--quiet", ".", str(tmp_path / "clone"))
    assert artifact_of(load_case(tmp_path / "clone" / "expense_approval")).sha256 == (
        artifact_of(load_case(repository.definition)).sha256
    )


async def test_pipeline_stops_what_is_not_well_formed(repository: Repository, tmp_path: Path) -> None:
    """A definition that is broken is told by line and rule, and never reaches the store."""
    await repository.run("git", "clone", "--quiet", ".", str(tmp_path / "clone"))
    clone = Repository(tmp_path / "clone", repository.environment)
    text = (clone.definition / CASE).read_text()
    for old, new, rule in BROKEN:
        assert old in text
        (clone.definition / CASE).write_text(text.replace(old, new).replace("version: 1.2.0", "version: 9.0.0"))
        assert rule in {one.rule for one in lint_path(clone.definition)}
    status, told = await clone.tried("fleet", "publish", ".")
    assert status == 1
    assert "case-transitions-lead-somewhere" in told
    assert "9.0.0" not in await repository.run("fleet", "versions")


async def test_definition_is_tested_without_an_engine(repository: Repository) -> None:
    """Pulled from Git into a unit test: valid transitions lead on, others are refused."""
    walk = CaseWalk(load_case(repository.definition).definition)
    at: dict[str, Any] = {**SPENT, **walk.begin(SPENT)}
    at |= walk.act("submit", "submit", at)
    at |= walk.decide("needs_a_manager", at)
    assert at["case_step"]["id"] == "manager_approval"
    with pytest.raises(Exception, match="offers approve, reject, ask_back"):
        walk.act("manager_approval", "pay", at)


async def test_version_is_live_once_it_is_published(repository: Repository, desk: Desk) -> None:
    """Each change is a commit; a new version starts when its pipeline has published it, and not before."""
    await repository.run("fleet", "publish", ".")
    was = (await repository.run("git", "rev-parse", "HEAD")).strip()
    await repository.commit("Raise the limit", **{"version: 1.2.0": "version: 1.3.0", "amount > 1000": "amount > 2000"})
    assert (await started(desk, "1.3.0"))["__typename"] == "UnknownProcessVersion"
    await repository.run("fleet", "publish", ".")
    answer = await started(desk, "1.3.0")
    assert (await desk.case(answer["workflow"]["workflowId"]))["artifactVersion"] == "1.3.0"
    assert "amount > 2000" in await repository.run("git", "diff", was, "HEAD")


async def test_change_is_reverted_by_git(repository: Repository) -> None:
    """A reverted commit makes the artifact of before, byte for byte; publishing that again changes nothing."""
    before = artifact_of(load_case(repository.definition)).sha256
    await repository.commit("Ask for less", **{"Look over what you spent, and hand it in.": "Hand it in."})
    assert artifact_of(load_case(repository.definition)).sha256 != before
    status, said = await repository.tried("fleet", "publish", ".")
    assert status == 1
    assert "Nothing was published" in said
    await repository.run("git", "revert", "--no-edit", "HEAD")
    assert artifact_of(load_case(repository.definition)).sha256 == before
    assert "published" in await repository.run("fleet", "publish", ".")


async def test_artifact_is_promoted_as_it_is(repository: Repository, s3: S3Server, bucket: str) -> None:
    """What was tested in one environment is, byte for byte, what another one gets: nothing is built anew."""
    await repository.run("fleet", "publish", ".")
    names = [one["Key"] for one in s3.client().list_objects_v2(Bucket=bucket)["Contents"]]
    name = next(one for one in names if one.endswith(ARTIFACT))
    staged = s3.client().get_object(Bucket=bucket, Key=name)["Body"].read()
    production = store_of(f"s3://{await s3.new_bucket()}", s3.access())
    assert await production.create(ARTIFACT, staged)
    assert await production.fetch(ARTIFACT) == staged
