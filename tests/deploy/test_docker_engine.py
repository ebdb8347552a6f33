"""The engine in a container, where there is a daemon; and what is decided where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from zeebe_fleet.adapters.zeebe import ZeebeEngine
from zeebe_fleet.deploy import docker_engine
from zeebe_fleet.deploy.bootstrap import connection_to
from zeebe_fleet.deploy.docker_engine import ENVIRONMENT, IMAGE, chosen, engine_in_docker, pointed
from zeebe_fleet.deploy.local.report import SilentReport
from zeebe_fleet.deploy.settings import Settings, ZeebeSettings
from zeebe_fleet.deploy.up import missing_parts
from zeebe_fleet.workers.contract.errors import FleetError

COMPOSE = Path(docker_engine.__file__).with_name("compose.yaml")


def settings(engine: str, address: str = "") -> Settings:
    """Settings that choose an engine."""
    return Settings().model_copy(update={"engine": engine, "zeebe": ZeebeSettings(address=address), "database_url": ""})


@pytest.mark.timeout(600)
async def test_docker_engine_runs_and_can_be_asked_for_incidents(tmp_path: Path) -> None:
    """A real container answers on both ports."""
    if reason := docker_engine.hindrance():
        pytest.skip(reason)
    wanted = settings("docker").model_copy(update={"state": tmp_path})
    with engine_in_docker(wanted, SilentReport(), reset=True) as located:
        async with ZeebeEngine(connection_to(located.zeebe)) as engine:
            capabilities = await engine.capabilities()
    assert capabilities.version.startswith("8.9")
    assert capabilities.incident_search


def test_docker_engine_is_not_chosen_unless_it_is_named() -> None:
    """By its name alone: not by an address, by the one in the box, nor by a daemon that happens to be there."""
    assert not chosen(settings("auto", "zeebe.example.com:26500"))
    assert not chosen(settings("remote", "zeebe.example.com:26500"))
    assert not chosen(settings("builtin"))
    assert not chosen(settings("auto"))


def test_docker_engine_asked_for_without_a_daemon_says_what_else_there_is() -> None:
    """Nothing is started in its place: that was not asked for."""
    if not docker_engine.hindrance():
        pytest.skip("There is a Docker daemon here.")
    with pytest.raises(FleetError) as raised:
        chosen(settings("docker"))
    assert "FLEET_ENGINE=builtin" in raised.value.suggestion


def test_docker_engine_leaves_the_local_stack_without_an_engine() -> None:
    """Its ports are in the settings like those of a remote one, and so is Operate."""
    located = pointed(settings("docker"), "localhost:32768", "http://localhost:32769")
    assert missing_parts(located) == ["database", "sandbox"]
    assert located.api.operate_url == "http://localhost:32769/operate"


def test_compose_runs_the_same_engine_with_the_same_settings() -> None:
    """Two ways to one engine do not drift apart."""
    camunda = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]["camunda"]
    assert camunda["image"] == IMAGE
    assert camunda["environment"] == ENVIRONMENT


def test_compose_publishes_on_loopback_alone() -> None:
    """Nothing in it has a password worth the name."""
    services = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_compose_gives_the_fleet_settings_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment is read as meant."""
    services = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
    for name, text in services["fleet"]["environment"].items():
        monkeypatch.setenv(name, text)
    read = Settings()
    assert missing_parts(read) == ["sandbox"]
    assert read.api.operate_url.endswith("/operate")
    assert {port.split(":", 1)[1].rsplit(":", 1)[0] for port in services["camunda"]["ports"]} == {
        read.zeebe.address.rsplit(":", 1)[1],
        read.zeebe.rest_address.rsplit(":", 1)[1],
    }
