"""The store of one machine: what an app holds is published when it comes up, and nothing of that keeps it from it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.deploy.local.definitions import publish_locally, with_local_store
from zeebe_fleet.deploy.new_process import create_process
from zeebe_fleet.deploy.published import definitions_of
from zeebe_fleet.deploy.settings import Settings, on_the_local_stack


@pytest.fixture
def processes(tmp_path: Path) -> Path:
    """A folder with one process."""
    create_process("refund", tmp_path / "processes", tmp_path)
    return tmp_path / "processes"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings as on a machine where nothing is set."""
    return with_local_store(on_the_local_stack("any", tmp_path / "state"))


def publish(settings: Settings, processes: Path) -> list[str]:
    """Come up once more."""
    return asyncio.run(publish_locally(settings, processes))


def rewrite(folder: Path, old: str, new: str) -> None:
    """Change the files of a package."""
    for file in folder.glob("*.*"):
        file.write_text(file.read_text().replace(old, new))


def test_what_an_app_holds_is_published_once(settings: Settings, processes: Path) -> None:
    """Signed with a key that this machine makes, which nobody else may read; the second start writes nothing."""
    assert publish(settings, processes) == []
    store = Path(settings.artifacts.store)
    before = {file.name: file.stat().st_mtime_ns for file in store.iterdir()}
    published = definitions_of(settings.artifacts)
    assert published is not None

    assert publish(settings, processes) == []
    assert {file.name: file.stat().st_mtime_ns for file in store.iterdir()} == before
    assert asyncio.run(published.fetch("refund", "0.1.0")).signed_by == "this machine"
    assert (store.parent / "signing.key").stat().st_mode & 0o077 == 0


def test_higher_version_is_published_beside_the_other(settings: Settings, processes: Path) -> None:
    """What was published stays."""
    publish(settings, processes)
    rewrite(processes / "refund", "0.1.0", "0.2.0")

    assert publish(settings, processes) == []
    names = {file.name for file in Path(settings.artifacts.store).glob("*.yaml")}
    assert names == {"refund_v0.1.0.yaml", "refund_v0.2.0.yaml"}


def test_change_under_the_same_version_is_a_warning(settings: Settings, processes: Path) -> None:
    """The start goes on with what is in the folder; what was published stays, and the version has to be raised."""
    publish(settings, processes)
    published = Path(settings.artifacts.store) / "refund_v0.1.0.yaml"
    before = published.read_bytes()
    rewrite(processes / "refund", "Accept", "Agree")
    create_process("other", processes, processes)

    (warning,) = publish(settings, processes)

    assert "refund" in warning
    assert "version" in warning
    assert "deployed all the same" in warning
    assert published.read_bytes() == before
    assert published.with_name("other_v0.1.0.yaml").exists()


def test_store_that_cannot_be_used_is_a_warning(settings: Settings, processes: Path) -> None:
    """A start needs no store."""
    store = Path(settings.artifacts.store)
    store.parent.mkdir(parents=True)
    store.write_text("no folder")

    (warning,) = publish(settings, processes)

    assert warning.startswith("Nothing was published on this machine")


def test_store_that_is_named_is_left_alone(tmp_path: Path, processes: Path) -> None:
    """A pipeline publishes there, not whoever happens to come up."""
    named = ArtifactsSection(store=str(tmp_path / "shared"))
    settings = on_the_local_stack("any", tmp_path / "state").model_copy(update={"artifacts": named})

    assert with_local_store(settings).artifacts == named
    assert publish(with_local_store(settings), processes) == []
    assert not (tmp_path / "shared").exists()
