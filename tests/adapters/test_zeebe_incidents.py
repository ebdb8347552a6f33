"""Where open incidents are read: the search of 8.8 and newer, an Operate, or nowhere."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from zeebe_fleet.adapters.zeebe import EngineConnection
from zeebe_fleet.adapters.zeebe.capabilities import capabilities_of
from zeebe_fleet.adapters.zeebe.connection import OperateAccess
from zeebe_fleet.adapters.zeebe.incidents import Incidents
from zeebe_fleet.workers.contract.errors import EngineDenied, EngineError, EngineRejected, EngineUnavailable
from zeebe_fleet.workers.contract.job import JobKey, ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import Capabilities, OpenIncident

INSTANCE = ProcessInstanceKey(11)


def incident(key: int, job_key: int | None = 5) -> OpenIncident:
    """What is made of an item."""
    return OpenIncident(
        key, INSTANCE, None if job_key is None else JobKey(job_key), "work", "no account", "JOB_NO_RETRIES"
    )


def engine(version: str, *, rest: bool = True) -> Capabilities:
    """An engine of some version."""

    class Topology:
        gatewayVersion = version
        partitionsCount = 1

    return capabilities_of(Topology(), rest=rest)


class Search:
    """A REST API, or an Operate, that answers as a test says and notes what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.known = True
        self.items: list[dict[str, Any]] = []
        self.asked: list[tuple[str, Any]] = []
        self.address = ""
        self.logins: list[str] = []
        """The sessions begun, of which the last is open."""

    def log_in(self) -> str:
        """Begin a session."""
        self.logins.append(f"session-{len(self.logins)}")
        return self.logins[-1]

    def knows(self, cookie: str | None) -> bool:
        """Whether a request belongs to the session that is open."""
        return self.known and bool(self.logins) and cookie == f"OPERATE={self.logins[-1]}"


@pytest.fixture
def search() -> Iterator[Search]:
    """A real HTTP server in the place of an engine or an Operate, which answers what a test wants."""
    told = Search()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/api/login":
                self.send_response(204)
                self.send_header("Set-Cookie", f"OPERATE={told.log_in()}; Path=/")
                self.end_headers()
                told.known = True
                return
            if self.path.startswith("/v1/") and not told.knows(self.headers["Cookie"]):
                self.send_response(401)
                self.end_headers()
                return
            told.asked.append((self.path, json.loads(body)))
            self.send_response(told.status)
            self.end_headers()
            self.wfile.write(json.dumps({"items": told.items}).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    told.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


async def test_newest_incidents_are_those_that_the_search_puts_first(search: Search) -> None:
    """It is asked for all instances, and no more than are wanted."""
    search.items = [{"incidentKey": "1", "processInstanceKey": "12", "state": "ACTIVE"}]
    by_rest = Incidents(EngineConnection(address="", rest_address=search.address), None)
    assert [one.process_instance_key for one in await by_rest.newest(2, engine("8.8.3"))] == [12]
    newest_first = [{"field": "creationTime", "order": "DESC"}]
    asked = {"filter": {"state": "ACTIVE"}, "sort": newest_first, "page": {"limit": 2}}
    assert search.asked == [("/v2/incidents/search", asked)]


async def test_search_asks_for_the_open_incidents_of_the_instance(search: Search) -> None:
    """Keys are strings there; what a filter nobody knows would let through is left out."""
    one = {
        "incidentKey": "1",
        "processInstanceKey": "11",
        "jobKey": "5",
        "errorMessage": "no account",
        "errorType": "JOB_NO_RETRIES",
        "state": "ACTIVE",
    }
    search.items = [
        one | {"elementId": "work"},
        one | {"incidentKey": "2", "flowNodeId": "work", "jobKey": None},
        one | {"incidentKey": "3", "processInstanceKey": "12"},
        one | {"incidentKey": "4", "state": "RESOLVED"},
    ]
    incidents = Incidents(EngineConnection(address="", rest_address=search.address), None)

    assert await incidents.find(INSTANCE, engine("8.8.3")) == [incident(1), incident(2, job_key=None)]
    assert search.asked == [("/v2/incidents/search", {"filter": {"processInstanceKey": "11", "state": "ACTIVE"}})]


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, EngineDenied), (400, EngineRejected), (503, EngineUnavailable), (429, EngineUnavailable)],
)
async def test_search_that_fails_is_an_engine_error(search: Search, status: int, error: type[EngineError]) -> None:
    """As with gRPC, each status has one meaning."""
    search.status = status
    incidents = Incidents(EngineConnection(address="", rest_address=search.address), None)

    with pytest.raises(error, match=str(status)):
        await incidents.find(INSTANCE, engine("8.8.3"))


async def test_search_that_does_not_answer_is_unavailable(unused_tcp_port: int) -> None:
    """Again, later."""
    connection = EngineConnection(address="", rest_address=f"http://127.0.0.1:{unused_tcp_port}")

    with pytest.raises(EngineUnavailable, match="does not answer"):
        await Incidents(connection, None).find(INSTANCE, engine("8.8.3"))


@pytest.mark.parametrize(("version", "rest"), [("8.6.0", True), ("8.7.9", True), ("8.8.0", False)])
async def test_engine_that_cannot_be_asked_says_which_can(version: str, rest: bool) -> None:
    """Named are the version, the setting, and the way that is left."""
    incidents = Incidents(EngineConnection(address=""), None)

    with pytest.raises(EngineRejected, match=r"8\.8 or newer can be asked by REST"):
        await incidents.find(INSTANCE, engine(version, rest=rest))


def by_operate(search: Search) -> Incidents:
    """Return what asks Operate, with an account."""
    access = OperateAccess(url=search.address, username="fleet", password="secret")
    return Incidents(EngineConnection(address="", operate=access), None)


async def test_operate_is_signed_in_to_once(search: Search) -> None:
    """It is asked every few seconds; a session that it has forgotten is begun anew, once."""
    search.items = [{"key": 1, "processInstanceKey": 11, "jobKey": 5, "flowNodeId": "work", "type": "JOB_NO_RETRIES"}]
    incidents = by_operate(search)
    for known in (True, True, False, True):
        search.known = known
        (one,) = await incidents.newest(9, engine("8.6.0"))
        assert (one.element_id, one.error_type) == ("work", "JOB_NO_RETRIES")
    assert search.logins == ["session-0", "session-1"]


@pytest.mark.parametrize("item", [{}, {"key": None}, {"key": 1, "incidentKey": "1", "processInstanceKey": []}, 5])
@pytest.mark.parametrize("version", ["8.6.0", "8.8.0"])
async def test_incident_that_nobody_understands_is_an_engine_error(search: Search, version: str, item: Any) -> None:
    """Nothing is made of half a list, and nothing else stops for it."""
    search.items = [item]
    access = OperateAccess(url=search.address, username="fleet", password="secret")
    asked = EngineConnection(address="", rest_address=search.address, operate=access)
    with pytest.raises(EngineUnavailable):
        await Incidents(asked, None).newest(9, engine(version))
