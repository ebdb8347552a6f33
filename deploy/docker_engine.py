"""The engine as a container of this machine: `camunda/camunda`, with H2 for what its pages and searches read."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx

from zeebe_fleet.adapters.cookies import no_cookies
from zeebe_fleet.deploy.local.report import Report
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.workers.contract.errors import FleetError

VERSION = "8.9.0"
IMAGE = f"camunda/camunda:{VERSION}"
#: Said at every start.
TERMS = (
    f"Camunda {VERSION} is used under the Camunda License 1.0 of Camunda Services GmbH: free for development, test and "
    "other non-production use only. Production needs a license from Camunda."
)
GRPC_PORT, REST_PORT = 26500, 8080
_DATA = "/usr/local/camunda/data"
_READY_S = 180.0
_API = "1.44"  # Docker 25; newer daemons speak it too
#: Source: https://docs.camunda.io/docs/8.9/self-managed/quickstart/developer-quickstart/c8run/secondary-storage/
ENVIRONMENT = {
    "CAMUNDA_DATA_SECONDARYSTORAGE_TYPE": "rdbms",
    "CAMUNDA_DATA_SECONDARYSTORAGE_RDBMS_URL": f"jdbc:h2:file:{_DATA}/h2/camunda",
    "CAMUNDA_DATA_SECONDARYSTORAGE_RDBMS_USERNAME": "sa",
    "CAMUNDA_DATA_SECONDARYSTORAGE_RDBMS_PASSWORD": "",
    "CAMUNDA_SECURITY_AUTHENTICATION_METHOD": "BASIC",
    "CAMUNDA_SECURITY_AUTHENTICATION_UNPROTECTEDAPI": "true",
    "CAMUNDA_SECURITY_AUTHORIZATIONS_ENABLED": "false",
    "CAMUNDA_SECURITY_INITIALIZATION_USERS_0_USERNAME": "demo",
    "CAMUNDA_SECURITY_INITIALIZATION_USERS_0_PASSWORD": "demo",
    "CAMUNDA_SECURITY_INITIALIZATION_USERS_0_NAME": "Demo",
    "CAMUNDA_SECURITY_INITIALIZATION_USERS_0_EMAIL": "demo@example.com",
}


def hindrance() -> str:
    """Why no container can be started here; empty when one can."""
    if find_spec("testcontainers") is None:
        return 'Docker is used through testcontainers, which is not installed: pip install "zeebe-fleet[docker]".'
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if host.startswith("unix://") and not Path(host.removeprefix("unix://")).exists():
        return "There is no Docker daemon."
    errors = import_module("docker.errors")
    try:
        with _client() as client:
            client.ping()
    except (OSError, errors.DockerException):
        return "No Docker daemon answers."
    return ""


def chosen(settings: Settings) -> bool:
    """Whether the engine is to run in Docker.

    Raises:
        FleetError: it must, and cannot.
    """
    if settings.engine != "docker":
        return False
    if reason := hindrance():
        raise FleetError(reason, "Start Docker, or use FLEET_ENGINE=builtin, which needs none.")
    return True


@contextmanager
def engine_in_docker(settings: Settings, report: Report, *, reset: bool = False) -> Iterator[Settings]:
    """Run the container for the length of the block, if that is what the settings ask for.

    Its data is in a volume of the state directory's own, so that it stays with the database's.
    """
    if not chosen(settings):
        yield settings
        return
    report.say(TERMS)
    volume = volume_of(settings.state)
    if reset:
        _remove(volume)
    with ExitStack() as open_until_the_end:
        with report.step(f"Engine {IMAGE} (fetched the first time)"):
            container = open_until_the_end.enter_context(_container(volume))
            host = container.get_container_host_ip()
            rest = f"http://{host}:{container.get_exposed_port(REST_PORT)}"
            _wait(rest)
        report.say(f"Operate is at {rest}/operate; sign in as demo, demo.")
        yield pointed(settings, f"{host}:{container.get_exposed_port(GRPC_PORT)}", rest)


def pointed(settings: Settings, grpc: str, rest: str) -> Settings:
    """Lead the settings to a container's ports."""
    zeebe = settings.zeebe.model_copy(update={"address": grpc, "rest_address": rest})
    api = settings.api.model_copy(update={"operate_url": settings.api.operate_url or f"{rest}/operate"})
    return settings.model_copy(update={"zeebe": zeebe, "api": api})


def volume_of(state: Path) -> str:
    """Name of the volume that belongs to a state directory."""
    return f"zeebe-fleet-{hashlib.sha256(str(state.absolute()).encode()).hexdigest()[:12]}"


def forget(state: Path) -> None:
    """Remove the data that belongs to a state directory; no container may use it any more."""
    _remove(volume_of(state))


def _container(volume: str) -> Any:
    container = (
        import_module("testcontainers.core.container").DockerContainer(IMAGE).with_exposed_ports(GRPC_PORT, REST_PORT)
    )
    for name, text in ENVIRONMENT.items():
        container.with_env(name, text)
    return container.with_volume_mapping(volume, _DATA, "rw")


def _client() -> AbstractContextManager[Any]:
    docker = import_module("docker")  # only there with testcontainers
    where = docker.utils.kwargs_from_env()
    # With a version it does not ask for one while it is made, when nobody could close it.
    return closing(docker.APIClient(**where, version=_API, timeout=5))


def _remove(volume: str) -> None:
    with _client() as client, suppress(import_module("docker.errors").NotFound):
        client.remove_volume(volume, force=True)


def _wait(rest: str) -> None:
    end_s = time.monotonic() + _READY_S
    with httpx.Client(cookies=no_cookies(), trust_env=False, timeout=2.0) as http:
        while time.monotonic() < end_s:
            with suppress(httpx.HTTPError):
                if http.get(f"{rest}/v2/topology").is_success:
                    return
            time.sleep(0.2)
    raise FleetError(f"{IMAGE} was not ready after {_READY_S:.0f} s.", "`docker logs` of the container say why.")
