"""What production gives away: nothing but known operations is executed, and nothing is told of the schema."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import get_introspection_query, parse
from starlette.responses import Response

from tests.graphql_api.conftest import SERVICE_TOKEN, Api, Client, serving
from tests.graphql_api.test_subscriptions import socket
from tests.security.attacks import DOCUMENTS
from tests.security.counting import counted
from tests.security.test_documents import CALLS
from tests.security.test_requests import code
from tests.security.test_transports import by_get, by_post, by_socket, by_stream
from zeebe_fleet.adapters import activity_graphql
from zeebe_fleet.deploy import client
from zeebe_fleet.deploy.known_operations import known_operations
from zeebe_fleet.deploy.node import SOURCES
from zeebe_fleet.deploy.settings import ApiSettingsSection
from zeebe_fleet.graphql_api.auth import keep_session, sign_session
from zeebe_fleet.graphql_api.known import OURS, KnownOperations
from zeebe_fleet.graphql_api.pages import PAGE
from zeebe_fleet.graphql_api.schema import make_schema
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings, OidcSettings
from zeebe_fleet.workers.contract.errors import FleetError

ME = "query Me { me { subject groups roles } }"
TRANSPORTS = [by_post, by_get, by_stream, by_socket]
STATES = "query States($filter: WorkflowFilterInput) { workflows(filter: $filter) { ...W } }"
WORKFLOWS = "fragment W on WorkflowConnection { edges { node { state ...Id } } } fragment Id on Workflow { workflowId }"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An application's operations, in files as clients' tools write them."""
    folder = tmp_path_factory.mktemp("operations")
    (folder / "states.graphql").write_text(STATES)
    (folder / "fragments").mkdir()
    (folder / "fragments" / "workflows.gql").write_text(WORKFLOWS)
    apollo = {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [{"id": "1", "body": "{ me { groups } }"}],
    }
    (folder / "apollo.json").write_text(json.dumps(apollo))
    (folder / "relay.json").write_text(json.dumps({"2": "query Roles { me { roles } }"}))
    (folder / "README.md").write_text("no operation")
    return folder


@pytest.fixture(scope="module")
async def production(services: ApiServices, database_url: str, folder: Path) -> AsyncIterator[Api]:
    """The API in production."""
    known = known_operations(ApiSettingsSection(production=True, operations=folder))
    async with serving(services, database_url, ApiSettings(service_token=SERVICE_TOKEN, known=known)) as api:
        yield api


@pytest.fixture(scope="module")
async def grace(production: Api) -> Client:
    """Somebody who has signed in there."""
    return await production.persona("olga")


def documents_of_inbox() -> Iterator[str]:
    """Yield what the plain inbox sends: its texts, with its constants filled in."""
    script = (PAGE / "inbox.js").read_text()
    constants = dict(re.findall(r'^const ([A-Z]+) = ["`](.*?)["`];', script, re.DOTALL | re.MULTILINE))
    texts = [one for quoted in ("`([^`]*)`", '"([^"\n]*)"') for one in re.findall(quoted, script)]
    for text in texts:
        if not re.match(r"(query|mutation|subscription|\{) ", text) or "{" not in text:
            continue
        for verb in ("claim", "release"):
            filled = text.replace("${name}", f"{verb}Activity")
            for _ in range(3):
                filled = re.sub(r"\$\{(\w+)\}", lambda one: constants[one[1]], filled)
            yield filled


@pytest.mark.parametrize("send", TRANSPORTS)
async def test_unknown_operation_is_not_executed(production: Api, grace: Client, send: Any) -> None:
    """Whatever it asks for, and by whatever transport; what shares a name with a known one too."""
    for query in ("{ me { subject } }", "query Me { me { subject } }", "subscription { activityChanged { input } }"):
        said = await send(production, grace, {"query": query})
        assert said["errors"][0]["extensions"]["code"] == "OPERATION_NOT_KNOWN"
        assert "data" not in said or said["data"] is None


@pytest.mark.parametrize("send", TRANSPORTS)
async def test_known_operation_is_executed(production: Api, grace: Client, send: Any) -> None:
    """However it is written."""
    written = "query Me{me{groups,subject roles}}", "# mine\nquery Me {\n  me { subject, groups, roles }\n}\n"
    assert "errors" in await send(production, grace, {"query": written[0]})
    said = await send(production, grace, {"query": written[1]})
    assert (said.get("data") or said["errors"]["data"])["me"]["subject"] == "olga"


async def test_unknown_operation_beside_a_known_one_is_not_executed(production: Api, grace: Client) -> None:
    """Only what is known can be named."""
    other = "query Other { me { subject } }"
    for both in (f"{ME} {other}", f"{other} {ME}"):
        known = await by_post(production, grace, {"query": both, "operationName": "Me"})
        assert known["data"]["me"]["subject"] == "olga"
        for asked in ({"operationName": "Other"}, {}):
            assert not (await by_post(production, grace, {"query": both, **asked})).get("data")


@pytest.mark.parametrize("query", [f"{STATES} {WORKFLOWS}", "{ me { groups } }", "query Roles { me { roles } }"])
async def test_application_adds_its_own(production: Api, grace: Client, query: str) -> None:
    """From a folder: fragments may stand in other files, and by hash it need not be sent at all."""
    assert (await by_post(production, grace, {"query": query}))["data"]
    hashed = {"version": 1, "sha256Hash": hashlib.sha256(query.encode()).hexdigest()}
    answer = await by_post(production, grace, {"extensions": {"persistedQuery": hashed}})
    assert ("data" in answer) is not (STATES in query)


async def test_fleet_goes_on_in_production(production: Api) -> None:
    """The adapter's operations are always known, and so are those of our pages and commands."""
    system = activity_graphql.GraphQLActivitySystem(production.url, SERVICE_TOKEN)
    async with system:
        assert isinstance(await system.activities_to_probe(5), list)
    known = KnownOperations.read([OURS], {})
    everything = known_operations(ApiSettingsSection(production=True))
    assert everything is not None
    assert set(known.documents.values()) <= set(everything.documents.values())
    for text in (*activity_graphql.OPERATIONS, *client.OPERATIONS):
        assert not everything.unknown(parse(text))
    sources = [vars(module).values() for module in (activity_graphql, client)]
    sent = {
        one for values in sources for one in values if isinstance(one, str) and "{ __typename" in one and "($" in one
    }
    assert sent <= {*activity_graphql.OPERATIONS, *client.OPERATIONS}


def test_pages_operations_are_all_known() -> None:
    """Those of the built page, and those of the plain inbox; renewed by `make ui-types`."""
    assert (OURS / "page.graphql").read_text() == (SOURCES / "src" / "operations.graphql").read_text()
    known = KnownOperations.read([OURS], {})
    built = re.findall(r"TypedDocumentString\(`(.*?)`", (SOURCES / "src" / "operations.ts").read_text(), re.DOTALL)
    texts = [*documents_of_inbox(), *(one for one in built if not one.strip().startswith("fragment"))]
    assert len(texts) > 25
    for text in texts:
        assert not known.unknown(parse(text)), text


@pytest.mark.parametrize("name", DOCUMENTS)
def test_attack_costs_little_in_production(name: str) -> None:
    """To look for it on the list is no more work than the document is long."""
    documents = make_schema(known=KnownOperations({"me": "{ me { subject } }"})).documents
    document, calls = counted(lambda: documents.read(DOCUMENTS[name]))
    assert document.errors
    assert calls < CALLS


def test_schema_and_names_are_not_told() -> None:
    """Neither by introspection, even where somebody put it on the list, nor by what is suggested."""
    known = KnownOperations({"a": get_introspection_query()})
    with pytest.raises(FleetError, match="introspection"):
        make_schema(known=known)


async def test_suggestions_are_not_told(production: Api, api: Api, grace: Client) -> None:
    """Of a value that is none; elsewhere they help."""
    asked = {"query": f"{STATES} {WORKFLOWS}", "variables": {"filter": {"state": ["RUNNIN"]}}}
    said = (await by_post(production, grace, asked))["errors"][0]["message"]
    helped = (await by_post(api, await api.persona("olga"), asked))["errors"][0]["message"]
    assert "Did you mean" in helped
    assert "Did you mean" not in said
    assert "RUNNING" not in said


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.graphql", "query {"),
        ("a.graphql", "query A { nonsense }"),
        ("a.graphql", "query A { me { ...Missing } }"),
        ("a.json", "5"),
        ("a.json", '{"1": 5}'),
        ("a.json", '{"operations": [{}]}'),
        ("a.json", "{"),
    ],
)
def test_list_that_cannot_be_used_is_refused_at_start(tmp_path: Path, name: str, text: str) -> None:
    """With the file's name."""
    (tmp_path / name).write_text(text)
    with pytest.raises(FleetError, match=re.escape(name)):
        make_schema(known=known_operations(ApiSettingsSection(production=True, operations=tmp_path)))
    with pytest.raises(FleetError, match="no operations at"):
        known_operations(ApiSettingsSection(production=True, operations=tmp_path / "nowhere"))


async def test_anything_may_be_asked_elsewhere(rita: Client) -> None:
    """Without the setting there is no list."""
    assert known_operations(ApiSettingsSection()) is None
    assert (await rita.ask(get_introspection_query()))["__schema"]


def _https() -> ApiSettings:
    oidc = OidcSettings("https://login.example.com", "fleet", "secret", public_url="https://fleet.example.com")
    return ApiSettings(service_token=SERVICE_TOKEN, oidc=oidc)


async def test_https_has_its_headers_and_its_cookie(services: ApiServices, database_url: str, api: Api) -> None:
    """On every answer, and no other cookie counts: neighbouring hosts could set one."""
    settings = _https()
    token = sign_session(settings.personas["rita"], settings)
    async with serving(services, database_url, settings) as https:
        answers = [await https.http.get(path) for path in ("/", "/nowhere", "/health", "/login")]
        origin = {"origin": "https://fleet.example.com"}
        body = {"query": "{ me { subject } }"}
        plain = await https.http.post("/graphql", json=body, headers={**origin, "cookie": f"fleet_session={token}"})
        host = await https.http.post(
            "/graphql", json=body, headers={**origin, "cookie": f"__Host-fleet_session={token}"}
        )
        async with socket(https, {"authorization": f"Bearer {token}"}, path="/nowhere") as opened:
            refused = {name.decode(): value.decode() for name, value in (await opened.read()).headers}
    for headers in (*(one.headers for one in (*answers, plain, host)), refused):
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        assert "server" not in headers
    assert (plain.status_code, code(plain)) == (401, "UNAUTHENTICATED")
    assert host.json()["data"] == {"me": {"subject": "rita"}}
    local = await api.http.get("/")
    assert "strict-transport-security" not in local.headers


def test_https_gives_its_cookie_by_that_name() -> None:
    """With all that the prefix asks for, or browsers drop it."""
    settings = _https()
    token = sign_session(settings.personas["rita"], settings)
    response = Response()
    keep_session(response, token, settings, secure=False)
    _check_prefix(response.headers["set-cookie"])


def _check_prefix(cookie: str) -> None:
    parts = [one.strip().lower() for one in cookie.split(";")]
    assert parts[0].startswith("__host-fleet_session=")
    assert {"secure", "path=/", "httponly", "samesite=strict"} <= set(parts)
    assert not any(one.startswith("domain") for one in parts)
