"""`fleet publish`, `fleet versions` and `fleet keys`, as they are typed: into a folder and into a bucket."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.s3_proxy import s3_proxy
from tests.s3_server import S3Server
from zeebe_fleet.adapters.artifacts import S3Access, store_of
from zeebe_fleet.bpmn.tooling.artifact.policy import read_policy
from zeebe_fleet.bpmn.tooling.publishing import Planner, State, gathered, publish
from zeebe_fleet.deploy.cli import app
from zeebe_fleet.deploy.new_process import create_case, create_process
from zeebe_fleet.workers.contract.artifacts import ArtifactExists, StoreUnfit
from zeebe_fleet.workers.contract.errors import DefinitionError, FleetError


@dataclass
class Desk:
    """A repository with definitions, a policy, keys and a store."""

    folder: Path

    @property
    def processes(self) -> Path:
        return self.folder / "processes"

    @property
    def published(self) -> list[str]:
        """Files of the folder that is its store."""
        store = self.folder / "store"
        return sorted(one.name for one in store.glob("*.yaml")) if store.exists() else []

    def fleet(self, *words: str) -> tuple[int, str]:
        """Type a command; returns its status and all that it said."""
        result = CliRunner().invoke(app, words)
        if isinstance(result.exception, FleetError):
            return 1, f"{result.output}{result.exception}"
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    def replace(self, file: str, *words: tuple[str, str]) -> None:
        """Edit a definition."""
        path = self.processes / file
        text = path.read_text("utf-8")
        for old, new in words:
            assert old in text, f"{old!r} is not in {file}"
            text = text.replace(old, new)
        path.write_text(text, "utf-8")

    def make(self, name: str, create: Callable[[str, Path, Path], Path]) -> None:
        """Make a definition of version 1.0.0."""
        for file in create(name, self.processes, self.folder).rglob("*.*"):
            text = file.read_text("utf-8")
            file.write_text(text.replace("version: 0.1.0", "version: 1.0.0").replace('"0.1.0"', '"1.0.0"'), "utf-8")

    def version(self, name: str, version: str) -> None:
        """Give a process another version, in manifest and model."""
        for file in (f"{name}/manifest.yaml", f"{name}/{name}.bpmn"):
            path = self.processes / file
            path.write_text(path.read_text("utf-8").replace("1.0.0", version), "utf-8")

    def allow(self, **publishers: str) -> None:
        """Write the policy: what each may publish, by name; its key is made."""
        lines = ["publishers:"]
        for name, may in publishers.items():
            key = self.folder / f"{name}.key"
            words = ("show", name, "--key", str(key)) if key.exists() else ("new", name, "--out", str(key))
            said = self.fleet("keys", *words)[1]
            lines.append(f"  - {{name: {name}, key: {said.partition('key: ')[2].splitlines()[0]}, {may}}}")
        (self.folder / "publishers.yaml").write_text("\n".join(lines), "utf-8")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A process and a case, a folder as store, and a key that may publish all."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLEET_ARTIFACTS__STORE", "store")
    monkeypatch.setenv("FLEET_ARTIFACTS__SIGNING_KEY_FILE", "ci.key")
    desk = Desk(tmp_path)
    desk.make("refund", create_process)
    desk.make("travel", create_case)
    desk.allow(ci='may_publish: ["*"]')
    return desk


def test_publish_creates_signed_artifacts_once(desk: Desk) -> None:
    """Each is said with its hash, place and signer; the same again is published already, and listed."""
    status, said = desk.fleet("publish", "processes")
    assert (status, desk.published) == (0, ["refund_v1.0.0.yaml", "travel_v1.0.0.yaml"])
    assert f"refund 1.0.0 is published by ci as refund_v1.0.0.yaml in {desk.folder}/store" in said
    before = [(desk.folder / "store" / name).read_bytes() for name in desk.published]
    status, said = desk.fleet("publish", "processes")
    assert (status, said.count("is published already by ci")) == (0, 2)
    assert [(desk.folder / "store" / name).read_bytes() for name in desk.published] == before
    status, said = desk.fleet("versions")
    assert (status, [line.split("  ")[::2][:2] for line in said.splitlines()]) == (
        0,
        [["refund 1.0.0", "ci"], ["travel 1.0.0", "ci"]],
    )


def test_publish_tells_programs(desk: Desk) -> None:
    """In JSON: what it is, its hash, what became of it, and what changed."""
    status, said = desk.fleet("publish", "processes/travel", "--format", "json")
    (told,) = json.loads(said)["definitions"]
    assert (status, told["name"], told["kind"], told["state"], told["signed_by"]) == (
        0,
        "travel",
        "case",
        "published",
        "ci",
    )
    (listed,) = json.loads(desk.fleet("versions", "travel", "--format", "json")[1])
    assert (listed["sha256"], listed["refusal"]) == (told["sha256"], None)


def test_publish_refuses_a_version_that_is_too_low(desk: Desk) -> None:
    """With the change, its rule and the version it should have; a dry run says the same, and what is enough goes."""
    desk.fleet("publish", "processes")
    desk.replace("refund/refund.bpmn", ("refund.prepare", "refund.arrange"))
    desk.replace("refund/manifest.yaml", ("refund.prepare", "refund.arrange"))
    desk.replace("refund/scenarios/refund.json", ("refund.prepare", "refund.arrange"))
    desk.version("refund", "1.1.0")
    for words in (("publish", "processes"), ("publish", "processes", "--dry-run")):
        status, said = desk.fleet(*words)
        assert status == 1
        assert "refund 1.1.0 is too low after 1.0.0: job type refund.prepare: removed (job-type-removed: major)" in said
        assert "Give it version 2.0.0" in said
    desk.replace("refund/refund.bpmn", ("1.1.0", "2.0.0"))
    desk.replace("refund/manifest.yaml", ("1.1.0", "2.0.0"))
    assert "refund 2.0.0 would be published after 1.0.0" in desk.fleet("publish", "processes", "--dry-run")[1]
    assert desk.published == ["refund_v1.0.0.yaml", "travel_v1.0.0.yaml"]
    assert desk.fleet("publish", "processes")[0] == 0
    assert desk.published == ["refund_v1.0.0.yaml", "refund_v2.0.0.yaml", "travel_v1.0.0.yaml"]


def test_publish_refuses_other_content_and_going_back(desk: Desk) -> None:
    """Under a version that is taken, and under one below the newest."""
    desk.version("refund", "1.2.0")
    desk.fleet("publish", "processes")
    desk.replace("refund/manifest.yaml", ("description: ", "description: Now "))
    status, said = desk.fleet("publish", "processes")
    assert (status, "refund 1.2.0 is published already, with other content" in said) == (1, True)
    desk.replace("refund/refund.bpmn", ("1.2.0", "1.1.0"))
    desk.replace("refund/manifest.yaml", ("1.2.0", "1.1.0"))
    status, said = desk.fleet("publish", "processes")
    assert (status, "refund 1.1.0 goes back: 1.2.0 is published" in said) == (1, True)


def test_publish_is_for_all_or_none(desk: Desk) -> None:
    """Where one is refused, what is in order beside it is not published either."""
    desk.fleet("publish", "processes/travel")
    desk.replace("travel/case.yaml", ("description: ", "description: Now "))
    status, said = desk.fleet("publish", "processes")
    assert (status, "Nothing was published." in said) == (1, True)
    assert desk.published == ["travel_v1.0.0.yaml"]


def test_publish_refuses_what_lint_refuses(desk: Desk) -> None:
    """Nothing goes that would not run."""
    desk.replace("refund/refund.bpmn", ('type="refund.prepare"', 'type=""'))
    status, said = desk.fleet("publish", "processes")
    assert (status, "refund.bpmn:" in said, desk.published) == (1, True, [])


def test_publish_counts_what_lint_found(desk: Desk) -> None:
    """One error is told as one."""
    desk.replace("refund/manifest.yaml", ("\nversion: ", "\nversion: 1"))
    status, said = desk.fleet("publish", "processes")
    assert (status, "Nothing was published: lint found an error." in said, desk.published) == (1, True, [])


def test_publish_says_when_there_is_nothing(desk: Desk) -> None:
    """By a status of its own."""
    (desk.folder / "empty").mkdir()
    status, said = desk.fleet("publish", "empty")
    assert (status, "empty holds no definition" in said) == (2, True)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FLEET_ARTIFACTS__STORE", "", "No store of definitions is named"),
        ("FLEET_ARTIFACTS__STORE", "ftp://x", "is no store of definitions"),
        ("FLEET_ARTIFACTS__STORE", "no/such/store", "cannot be used"),
        ("FLEET_ARTIFACTS__PUBLISHERS", "nobody.yaml", "nobody.yaml: No such file"),
        ("FLEET_ARTIFACTS__SIGNING_KEY_FILE", "", "There is no key to publish with"),
        ("FLEET_ARTIFACTS__SIGNING_KEY_FILE", "publishers.yaml", "no private ed25519 key"),
    ],
)
def test_publish_says_what_is_missing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    """Store, policy and key, each by what to set."""
    monkeypatch.setenv(name, value)
    status, answer = desk.fleet("publish", "processes")
    assert (status, said in answer, desk.published) == (1, True, [])


@pytest.mark.parametrize(
    ("may", "said"),
    [
        ('may_publish: ["travel"]', "ci may not publish refund"),
        ("may_publish: []", "ci may not publish"),
        ('may_publish: ["*"], retired: true', "the key of ci is retired"),
        ('may_publish: ["*"], revoked: stolen', "revoked: stolen"),
    ],
)
def test_publisher_who_may_not_is_refused(desk: Desk, may: str, said: str) -> None:
    """Before anything is created."""
    desk.allow(ci=may)
    status, answer = desk.fleet("publish", "processes")
    assert (status, said in answer, desk.published) == (1, True, [])


def test_what_was_signed_with_a_key_that_is_revoked_is_refused(desk: Desk) -> None:
    """In the list, and as what the next version would follow; a retired key's still counts."""
    desk.fleet("publish", "processes")
    desk.allow(ci='may_publish: ["*"], retired: true', ada='may_publish: ["*"]')
    assert desk.fleet("versions")[0] == 0
    desk.allow(ci='may_publish: ["*"], revoked: its laptop is gone', ada='may_publish: ["*"]')
    status, said = desk.fleet("versions")
    assert (status, said.count("revoked: its laptop is gone")) == (1, 2)
    desk.version("refund", "1.0.1")
    status, said = desk.fleet("publish", "processes", "--key", "ada.key")
    assert (status, "revoked: its laptop is gone" in said) == (1, True)


def test_key_is_followed_by_another_of_the_same_publisher(desk: Desk) -> None:
    """The old one is retired, the new one publishes, and both are theirs."""
    desk.fleet("publish", "processes")
    desk.allow(ci='may_publish: ["*"], retired: true', next='may_publish: ["*"]')
    policy = desk.folder / "publishers.yaml"
    policy.write_text(policy.read_text().replace("name: next", "name: ci"))
    desk.version("refund", "1.0.1")
    assert "the key of ci is retired" in desk.fleet("publish", "processes")[1]
    assert desk.fleet("publish", "processes", "--key", "next.key")[0] == 0
    assert [line.split("  ")[2] for line in desk.fleet("versions")[1].splitlines()] == ["ci", "ci", "ci"]


def test_keys_are_their_owners_alone(desk: Desk) -> None:
    """A new key is a file that nobody else reads, is never overwritten, and is never printed."""
    key = desk.folder / "ci.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    secret = key.read_text().splitlines()[1]
    status, said = desk.fleet("keys", "new", "ci", "--out", "ci.key")
    assert (status, "ci.key is there already" in said) == (1, True)
    for words in (("keys", "show", "ci", "--key", "ci.key"), ("publish", "processes"), ("versions",)):
        assert secret not in desk.fleet(*words)[1]


def test_called_process_is_pinned_and_published_first(desk: Desk) -> None:
    """By version and hash; by itself, the caller waits for what it calls."""
    desk.make("account", create_process)
    desk.replace(
        "refund/refund.bpmn",
        ("<bpmn:serviceTask", "<bpmn:callActivity"),
        ("</bpmn:serviceTask>", "</bpmn:callActivity>"),
        ('<zeebe:taskDefinition type="refund.prepare"', '<zeebe:calledElement processId="account"'),
    )
    text = (desk.processes / "refund/refund.bpmn").read_text("utf-8")
    assert text.count("callActivity") == 2
    artifacts = gathered(desk.processes)
    assert [one.name for one in artifacts][:2] == ["account", "refund"]
    (pinned,) = artifacts[1].requires
    assert (pinned.name, pinned.version, pinned.sha256) == ("account", "1.0.0", artifacts[0].sha256)
    assert [one.name for one in gathered(desk.processes / "refund")] == ["refund"]


@pytest.mark.parametrize("called", ["../outside", "..", ".", "account/../../outside", "/etc", "missing", "refund"])
def test_called_process_is_looked_for_beside_its_caller_alone(desk: Desk, called: str) -> None:
    """A name that leads elsewhere is nobody's; neither is the process itself pinned to itself."""
    test_called_process_is_pinned_and_published_first(desk)
    shutil.copytree(desk.processes / "account", desk.folder / "outside")
    desk.replace("refund/refund.bpmn", ('processId="account"', f'processId="{called}"'))
    assert gathered(desk.processes / "refund")[0].requires == ()


def test_circle_of_calls_is_refused(desk: Desk) -> None:
    """Neither could name the other's content."""
    test_called_process_is_pinned_and_published_first(desk)
    shutil.copy(desk.processes / "refund/refund.bpmn", desk.processes / "account/account.bpmn")
    desk.replace(
        "account/account.bpmn",
        ("refund", "other"),
        ('id="other"', 'id="account"'),
        ('processId="account"', 'processId="refund"'),
    )
    with pytest.raises(DefinitionError, match=r"in a circle.*(refund → account → refund|account → refund → account)"):
        gathered(desk.processes)


def test_definition_beside_the_packages_is_refused(desk: Desk) -> None:
    """It would not be published, and nobody would know."""
    shutil.copy(desk.processes / "refund/refund.bpmn", desk.processes / "loose.bpmn")
    status, said = desk.fleet("publish", "processes")
    assert (status, "loose.bpmn: it lies in no package" in said, desk.published) == (1, True, [])


@pytest.mark.parametrize("path", ["processes/travel", "processes/travel/", "processes/travel/case.yaml", "."])
def test_publish_takes_a_package_however_it_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """By its folder, its file, and from inside."""
    monkeypatch.setenv("FLEET_ARTIFACTS__STORE", str(desk.folder / "store"))
    monkeypatch.setenv("FLEET_ARTIFACTS__PUBLISHERS", str(desk.folder / "publishers.yaml"))
    monkeypatch.setenv("FLEET_ARTIFACTS__SIGNING_KEY_FILE", str(desk.folder / "ci.key"))
    if path == ".":
        monkeypatch.chdir(desk.processes / "travel")
    status, said = desk.fleet("publish", path)
    assert (status, desk.published) == (0, ["travel_v1.0.0.yaml"]), said


async def test_caller_of_what_is_not_published_is_refused(desk: Desk) -> None:
    """Neither where it is missing, nor where something else is published under its version."""
    test_called_process_is_pinned_and_published_first(desk)
    store, policy = store_of(str(desk.folder / "store"), S3Access()), read_policy(desk.folder / "publishers.yaml")
    key = (desk.folder / "ci.key").read_text()
    (plan,) = await Planner(store, policy).plan(gathered(desk.processes / "refund"))
    assert (plan.state, "account 1.0.0, which is not published" in str(plan.refusal)) == (State.REFUSED, True)
    account = await Planner(store, policy).plan(gathered(desk.processes / "account"))
    assert [one.signed_by async for one in publish(account, store, policy, key)] == ["ci"]
    (plan,) = await Planner(store, policy).plan(gathered(desk.processes / "refund"))
    assert plan.state is State.NEW
    desk.replace("account/manifest.yaml", ("description: ", "description: Now "))
    (plan,) = await Planner(store, policy).plan(gathered(desk.processes / "refund"))
    assert (plan.state, "published with other content" in str(plan.refusal)) == (State.REFUSED, True)


async def test_second_of_two_publishers_is_told_of_the_first(desk: Desk) -> None:
    """Both looked, and both were to create 1.0.0: one did, and the other hears by whom, and which content."""
    desk.allow(ci='may_publish: ["*"]', ada='may_publish: ["*"]')
    store, policy = store_of(str(desk.folder / "store"), S3Access()), read_policy(desk.folder / "publishers.yaml")
    mine = await Planner(store, policy).plan(gathered(desk.processes / "travel"))
    desk.replace("travel/case.yaml", ("description: ", "description: Hers, "))
    hers = await Planner(store, policy).plan(gathered(desk.processes / "travel"))
    ada, ci = ((desk.folder / f"{name}.key").read_text() for name in ("ada", "ci"))
    (first,) = [one async for one in publish(hers, store, policy, ada)]
    with pytest.raises(ArtifactExists, match=f"published by ada meanwhile.*{first.artifact.sha256}"):
        [one async for one in publish(mine, store, policy, ci)]
    again = [one.artifact.sha256 async for one in publish(hers, store, policy, ci)]
    assert again == [first.artifact.sha256]


def test_publish_reaches_a_bucket(desk: Desk, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a socket; what somebody with the bucket's keys changes there is told by name."""
    bucket = s3.make_bucket()
    for name, value in s3.settings(f"s3://{bucket}/definitions").items():
        monkeypatch.setenv(name, value)
    status, said = desk.fleet("publish", "processes")
    assert (status, f"travel_v1.0.0.yaml in s3://{bucket}/definitions" in said) == (0, True)
    assert desk.fleet("publish", "processes")[0] == 0
    client, stored = s3.client(), {"Bucket": bucket, "Key": "definitions/travel_v1.0.0.yaml"}
    content = client.get_object(**stored)["Body"].read()
    client.put_object(**stored, Body=content.replace(b"kind: human", b"kind: final", 1))
    status, said = desk.fleet("versions")
    assert (status, "travel_v1.0.0.yaml: changed after ci signed it" in said) == (1, True)
    desk.replace("travel/case.yaml", ("1.0.0", "1.0.1"))
    status, said = desk.fleet("publish", "processes")
    assert (status, "travel_v1.0.0.yaml: changed after ci signed it" in said) == (1, True)


async def test_publish_trusts_no_server_that_overwrites(desk: Desk, s3: S3Server) -> None:
    """It is refused before anything is created there."""
    bucket = await s3.new_bucket()
    policy, key = read_policy(desk.folder / "publishers.yaml"), (desk.folder / "ci.key").read_text()
    if s3.reads_signatures:
        pytest.skip("The condition is signed: this server is told nothing else on the way.")
    async with s3_proxy(s3.endpoint) as proxy:
        proxy.forgets_conditions = True
        store = store_of(f"s3://{bucket}", s3.access(proxy.endpoint))
        plans = await Planner(store, policy).plan(gathered(desk.processes))
        with pytest.raises(StoreUnfit, match="overwrites"):
            [one async for one in publish(plans, store, policy, key)]
        assert await store.listing() == []
