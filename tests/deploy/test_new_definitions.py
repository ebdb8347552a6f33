"""`fleet new definitions`: its pipelines, read from their files and run for real against a local S3 server."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Collection
from pathlib import Path

import pytest
import yaml

from tests import pipelines
from tests.pipelines import Job, Run
from tests.s3_server import S3Server
from zeebe_fleet.adapters.artifacts import store_of
from zeebe_fleet.bpmn.tooling.artifact.policy import read_policy
from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.deploy.new_definitions import create_definitions
from zeebe_fleet.deploy.published import definitions_of
from zeebe_fleet.workers.contract.errors import FleetError

LINT, TEST = (
    "fleet lint processes --format github --fail-on warning",
    "fleet test processes --fail-under 95 --timeout 60",
)
DRY_RUN, PUBLISH = "fleet publish processes --dry-run", "fleet publish processes"
BRANCH = [LINT, TEST, DRY_RUN]
FILES = ["equipment_request_v0.1.0.yaml", "leave_request_v0.1.0.yaml"]

pytestmark = pytest.mark.timeout(300)


class Repository:
    """A repository of definitions, and the store that its pipeline publishes to."""

    def __init__(self, folder: Path, s3: S3Server, copies: Path) -> None:
        self.folder = folder
        self._s3 = s3
        self._copies = copies
        self._bucket = f"s3://{asyncio.run(s3.new_bucket())}/acme"
        copies.mkdir()

    def github(self, *, main: bool, but: Collection[str] = ()) -> Run:
        """Run GitHub's pipeline."""
        known = {
            "vars.DEFINITIONS_STORE": self._bucket,
            "vars.DEFINITIONS_ENDPOINT": self._s3.endpoint,
            "vars.DEFINITIONS_ACCESS_KEY_ID": self._s3.key,
            "secrets.DEFINITIONS_SECRET_ACCESS_KEY": self._s3.secret,
            "secrets.DEFINITIONS_SIGNING_KEY": (self.folder / "ci.key").read_text(),
        }
        return pipelines.run(self.folder, pipelines.github(self.folder, known, main=main), self._copies, but)

    def gitlab(self, *, main: bool) -> list[Job]:
        """Read GitLab's pipeline."""
        key = {"FLEET_ARTIFACTS__SIGNING_KEY_FILE": str(self.folder / "ci.key")} if main else {}
        return pipelines.gitlab(self.folder, {**self._s3.settings(self._bucket), **key}, main=main)

    def run(self, jobs: list[Job]) -> Run:
        """Run what was read."""
        return pipelines.run(self.folder, jobs, self._copies)

    def published(self) -> list[str]:
        """Return what the store has."""
        listed = asyncio.run(store_of(self._bucket, self._s3.access()).listing())
        return sorted(one.file for one in listed)

    def rewrite(self, file: str, old: str, new: str) -> None:
        """Change a file of the repository."""
        text = (self.folder / "processes" / file).read_text()
        assert old in text
        (self.folder / "processes" / file).write_text(text.replace(old, new))


@pytest.fixture
def repository(tmp_path: Path, s3: S3Server) -> Repository:
    """A repository as it was made, and an empty bucket."""
    return Repository(create_definitions("acme", tmp_path), s3, tmp_path / "copies")


def test_pipeline_of_github_publishes_on_main_alone(repository: Repository) -> None:
    """On a branch it says what would be published; on main it is, once: the second time there is nothing to do."""
    branch = repository.github(main=False)
    assert (branch.done, branch.failed) == (BRANCH, ""), branch.said
    assert "equipment_request 0.1.0 would be published" in branch.said
    assert repository.published() == []

    first = repository.github(main=True)
    assert (first.done, first.failed) == ([*BRANCH, PUBLISH], ""), first.said
    assert "leave_request 0.1.0 is published by ci" in first.said
    assert repository.published() == FILES

    second = repository.github(main=True, but=[TEST])
    assert (second.done, second.failed) == ([LINT, DRY_RUN, PUBLISH], ""), second.said
    assert second.said.count("is published already") == 2
    assert repository.published() == FILES


def test_pipeline_of_gitlab_publishes_on_main_alone(repository: Repository) -> None:
    """The same commands, but for how findings are written."""
    lint = LINT.replace(" --format github", "")
    assert [command for job in repository.gitlab(main=False) for command, _ in job.commands][1:] == [
        lint,
        TEST,
        DRY_RUN,
    ]

    main = repository.run(repository.gitlab(main=True))
    assert (main.done, main.failed) == ([lint, TEST, DRY_RUN, PUBLISH], ""), main.said
    assert repository.published() == FILES


def test_definition_that_is_broken_stops_at_the_lint(repository: Repository) -> None:
    """A transition that leads nowhere; nothing after it is run, and nothing published."""
    repository.rewrite("leave_request/case.yaml", "action: decline, to: declined", "action: decline, to: decliend")
    run = repository.github(main=True)

    assert (run.done, run.failed) == ([], LINT)
    assert "decliend" in run.said
    assert repository.published() == []


def test_definition_that_does_something_else_stops_at_its_test(repository: Repository) -> None:
    """It is well-formed, and takes an action that its scenarios say is refused."""
    action, way = "      - {id: decline, label: Decline}\n", "  - {from: decide, action: decline, to: declined}\n"
    repository.rewrite("leave_request/case.yaml", action, action + action.replace("decline, label", "postpone, label"))
    repository.rewrite("leave_request/case.yaml", way, way + way.replace("action: decline", "action: postpone"))
    run = repository.github(main=True)

    assert (run.done, run.failed) == ([LINT], TEST)
    assert "postpone" in run.said
    assert repository.published() == []


def test_change_under_a_published_version_stops_before_it_is_merged(repository: Repository) -> None:
    """A branch is told to raise the version; so is main, where it never came by a branch."""
    published = repository.github(main=True, but=[TEST])
    assert published.failed == "", published.said
    repository.rewrite("leave_request/case.yaml", "Somebody asks for something", "Somebody asks for a day off")
    for main in (False, True):
        run = repository.github(main=main, but=[TEST])
        assert (run.done, run.failed) == ([LINT], DRY_RUN)
        assert "version" in run.said
    assert repository.published() == FILES


def test_new_definitions_keep_the_key_out_of_git(repository: Repository) -> None:
    """Only its owner reads it, Git ignores it, and the policy knows who has it."""
    folder = repository.folder
    (publisher,) = read_policy(folder / "publishers.yaml").publishers.values()

    assert (folder / "ci.key").stat().st_mode & 0o077 == 0
    assert "*.key" in (folder / ".gitignore").read_text().splitlines()
    assert (publisher.name, publisher.may_publish) == ("ci", ("*",))


def test_new_definitions_can_be_published_to_a_folder(repository: Repository, tmp_path: Path) -> None:
    """As its README says, without any bucket; and what is there is believed by its own policy."""
    command = next(
        line.strip() for line in (repository.folder / "README.md").read_text().splitlines() if "--store" in line
    )
    key = repository.folder / "ci.key"
    job = Job("readme", [(command.replace("ci.key", str(key)).replace("published", str(tmp_path / "published")), {})])
    run = repository.run([job])
    section = ArtifactsSection(store=str(tmp_path / "published"), publishers=repository.folder / "publishers.yaml")
    published = definitions_of(section)

    assert run.failed == "", run.said
    assert published is not None
    assert asyncio.run(published.fetch("leave_request", "0.1.0")).signed_by == "ci"


def test_new_definitions_are_named_throughout(tmp_path: Path) -> None:
    """No trace of the template's own name or version is left, and both pipelines are YAML."""
    folder = create_definitions("acme", tmp_path)
    texts = {file: file.read_text() for file in folder.rglob("*") if file.is_file()}

    assert not any("mydefinitions" in text or "~=0.0.0" in text for text in texts.values())
    assert all(yaml.safe_load(text) for file, text in texts.items() if file.suffix in (".yml", ".yaml"))


def test_new_definitions_touch_no_folder_with_something_in_it(tmp_path: Path) -> None:
    """What is there stays as it is, key and all."""
    folder = create_definitions("acme", tmp_path)
    before = (folder / "ci.key").read_bytes()

    with pytest.raises(FleetError, match="not empty"):
        create_definitions("acme", tmp_path)

    assert (folder / "ci.key").read_bytes() == before
    shutil.rmtree(folder)
