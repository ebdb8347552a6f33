"""Operate as a plain Java process: Camunda's own page on what the engine does.

Apart from the engine, so that the engine neither waits for it nor restarts when it comes: the engine exports to
OpenSearch as soon as that answers, and Operate imports from there.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files

import httpx

from zeebe_fleet.deploy.local.java import SMALL_JVM, java_environment
from zeebe_fleet.deploy.local.loopback import answers
from zeebe_fleet.deploy.local.opensearch import RECORD_PREFIX, OperateInstallation, opensearch_url
from zeebe_fleet.deploy.local.processes import Launch
from zeebe_fleet.deploy.local.state import StateDir

#: Port names and their defaults.
OPERATE_PORTS: Mapping[str, int] = {"operate": 8089, "operate_management": 9601}
#: Who may sign in; Operate makes this account by itself.
OPERATE_LOGIN = ("demo", "demo")
_MAIN = "io.camunda.application.StandaloneOperate"
_EXPORTER = "ZEEBE_BROKER_EXPORTERS_OPENSEARCH"


@dataclass(frozen=True)
class Operate:
    """The Operate part of the stack; OpenSearch must answer before it is started.

    Args:
        install: makes or finds the installation; slow the first time.
    """

    state: StateDir
    install: Callable[[], OperateInstallation]

    name = "operate"
    ports = OPERATE_PORTS
    stop_signal = signal.SIGTERM
    timeout_s = 180.0
    settings = ""

    @property
    def marker(self) -> str:
        """The argument by which a running one of this state directory is recognised."""
        return f"-Dfleet.operate={self.state.root}"

    def prepare(self) -> Callable[[Mapping[str, int]], Launch]:
        """Make everything that a start needs; returns the start for given ports."""
        installation = self.install()
        scratch = self.state.fresh_directory("operate-scratch")
        flags = [self.marker, f"-Djava.io.tmpdir={scratch}", f"-Dfleet.log={self.state.log(self.name)}"]

        def launch(ports: Mapping[str, int]) -> Launch:
            # Those of OpenSearch and the engine are not this part's to choose, only to know.
            known = {**self.state.load().ports, **ports}
            environment = java_environment() | _environment(known)
            return Launch(_command(installation, flags), self.state.log(self.name), environment)

        return launch

    def ready(self, ports: Mapping[str, int]) -> bool:
        """Whether its page is served."""
        return answers(f"http://127.0.0.1:{ports['operate']}/operate")


def exporting(ports: Mapping[str, int]) -> dict[str, str]:
    """Settings of an engine that exports what Operate reads; it waits for OpenSearch as long as need be."""
    return {
        f"{_EXPORTER}_CLASSNAME": "io.camunda.zeebe.exporter.opensearch.OpensearchExporter",
        f"{_EXPORTER}_ARGS_URL": opensearch_url(ports),
        f"{_EXPORTER}_ARGS_BULK_DELAY": "1",
        f"{_EXPORTER}_ARGS_INDEX_PREFIX": RECORD_PREFIX,
        f"{_EXPORTER}_ARGS_INDEX_CREATETEMPLATE": "true",
        f"{_EXPORTER}_ARGS_INDEX_NUMBEROFSHARDS": "1",
        f"{_EXPORTER}_ARGS_INDEX_NUMBEROFREPLICAS": "0",
        # A job of a process's own listener has the instance's key for its element: where Operate 8.6 reads it
        # before the instance, it files the instance as an activity, and never shows it.
        f"{_EXPORTER}_ARGS_INDEX_JOB": "false",
    }


def switch_export(ports: Mapping[str, int], *, on: bool) -> None:
    """Tell a running engine whether to export to OpenSearch.

    An exporter that waits for its store holds up the others, and the log with them: where no OpenSearch comes, the
    engine must not wait for it. Where it is switched already, nothing happens.

    Source: https://docs.camunda.io/docs/8.6/self-managed/zeebe-deployment/operations/management-api/
    """
    address = f"http://127.0.0.1:{ports['engine_management']}/actuator/exporters/opensearch"
    with suppress(httpx.HTTPError), httpx.Client(trust_env=False, timeout=5.0) as http:
        http.post(f"{address}/{'enable' if on else 'disable'}")


def _command(installation: OperateInstallation, flags: list[str]) -> list[str]:
    archive = installation.operate_archive
    return [
        str(installation.java / "bin" / "java"),
        *SMALL_JVM,
        *([f"-XX:SharedArchiveFile={archive}"] if archive else []),
        *flags,
        f"-Dlog4j2.configurationFile={files(__package__).joinpath('engine-log.xml')}",
        "-cp",
        ":".join(map(str, installation.operate_jars)),
        _MAIN,
    ]


def _environment(ports: Mapping[str, int]) -> dict[str, str]:
    url = opensearch_url(ports)
    return {
        "SERVER_ADDRESS": "127.0.0.1",
        "SERVER_PORT": str(ports["operate"]),
        "MANAGEMENT_SERVER_ADDRESS": "127.0.0.1",
        "MANAGEMENT_SERVER_PORT": str(ports["operate_management"]),
        "CAMUNDA_DATABASE_TYPE": "opensearch",
        "CAMUNDA_DATABASE_URL": url,
        "CAMUNDA_DATABASE_CLUSTERNAME": "opensearch",
        "CAMUNDA_OPERATE_DATABASE": "opensearch",
        "CAMUNDA_OPERATE_OPENSEARCH_URL": url,
        "CAMUNDA_OPERATE_OPENSEARCH_CLUSTERNAME": "opensearch",
        "CAMUNDA_OPERATE_ZEEBEOPENSEARCH_URL": url,
        "CAMUNDA_OPERATE_ZEEBEOPENSEARCH_CLUSTERNAME": "opensearch",
        "CAMUNDA_OPERATE_ZEEBEOPENSEARCH_PREFIX": RECORD_PREFIX,
        # In a training run there is no engine; Operate keeps asking and is ready all the same.
        "CAMUNDA_OPERATE_ZEEBE_GATEWAYADDRESS": f"127.0.0.1:{ports.get('engine_grpc', 26500)}",
    }
