"""What is believed of what a provider says, and what a person meets who is not believed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.testing import capture_logs

from tests.graphql_api.conftest import listening
from tests.graphql_api.provider import SpentInMemory, TalkativeProvider
from zeebe_fleet.graphql_api.auth import COOKIE, read_session, session_cookie
from zeebe_fleet.graphql_api.oidc import SIGN_IN
from zeebe_fleet.graphql_api.sessions import Sessions
from zeebe_fleet.graphql_api.settings import ApiSettings, OidcSettings
from zeebe_fleet.graphql_api.sign_in import sign_in_routes
from zeebe_fleet.workers.contract.principal import Principal

PUBLIC = "https://fleet.example.com"
GRACE = {"preferred_username": "grace"}
REVIEWERS = {"groups": ["reviewers"]}


@pytest.fixture
async def provider() -> AsyncIterator[TalkativeProvider]:
    """A provider that knows grace, and no groups."""
    provider = TalkativeProvider(id_claims=GRACE)
    async with listening(provider.app) as provider.issuer:
        yield provider


@pytest.fixture
def settings(provider: TalkativeProvider) -> ApiSettings:
    """Settings that name it, of an API that people reach under another address."""
    return ApiSettings(
        oidc=OidcSettings(
            provider.issuer,
            "fleet",
            "secret",
            operator_groups=frozenset({"ops"}),
            admin_groups=frozenset({"admins"}),
            public_url=f"{PUBLIC}/",
        )
    )


@pytest.fixture
async def browser(settings: ApiSettings) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at that address."""
    app = without_tls(Starlette(routes=sign_in_routes(settings, Sessions(SpentInMemory()))))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as http:
        yield http


def without_tls(app: ASGIApp) -> ASGIApp:
    """Do what a proxy does that ends TLS."""

    async def proxied(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "scheme": "http"}, receive, send)

    return proxied


def who(browser: httpx.AsyncClient, settings: ApiSettings) -> Principal | None:
    """Return whose session the browser holds."""
    session = read_session(browser.cookies.get(session_cookie(settings)) or "", settings)
    if session is None:
        return None
    assert session.principal.issuer == settings.oidc.issuer  # type: ignore[union-attr]
    return replace(session.principal, issuer="")


AUDIENCES = [{"aud": "other", "azp": "fleet"}, {"aud": ["other"], "azp": "fleet"}, {"aud": []}]


@pytest.mark.parametrize("audience", AUDIENCES, ids=["another", "a list of others", "nobody"])
async def test_token_for_somebody_else_is_refused(
    provider: TalkativeProvider, browser: httpx.AsyncClient, settings: ApiSettings, audience: dict[str, Any]
) -> None:
    """Whatever it says of who asked for it."""
    provider.id_claims = {**GRACE, **audience}
    answer = await provider.sign_in(browser)
    assert (answer.status_code, "invalid_claim" in answer.text) == (403, True)
    assert who(browser, settings) is None


async def test_token_for_several_is_good(
    provider: TalkativeProvider, browser: httpx.AsyncClient, settings: ApiSettings
) -> None:
    """If this is one of them, and the one that asked."""
    provider.id_claims = {**GRACE, "aud": ["other", "fleet"], "azp": "fleet"}
    assert (await provider.sign_in(browser)).status_code == 303
    assert who(browser, settings) == Principal("grace")


@pytest.mark.parametrize(("sub", "groups"), [("1", {"reviewers"}), ("2", set())], ids=["theirs", "another's"])
async def test_groups_of_the_userinfo_are_theirs_alone(
    provider: TalkativeProvider, browser: httpx.AsyncClient, settings: ApiSettings, sub: str, groups: set[str]
) -> None:
    """Asked for where the ID token has none; what is said of another subject is nothing."""
    provider.userinfo = {"sub": sub, **REVIEWERS}
    await provider.sign_in(browser)
    assert who(browser, settings) == Principal("grace", frozenset(groups))


async def test_id_token_counts_more_than_the_userinfo(
    provider: TalkativeProvider, browser: httpx.AsyncClient, settings: ApiSettings
) -> None:
    """It alone is signed."""
    provider.userinfo = {"sub": "1", "preferred_username": "root", **REVIEWERS}
    await provider.sign_in(browser)
    assert who(browser, settings) == Principal("grace", frozenset({"reviewers"}))


async def test_public_address_is_what_the_provider_and_the_browser_are_told(
    provider: TalkativeProvider, browser: httpx.AsyncClient, settings: ApiSettings
) -> None:
    """Cookies go by TLS alone, though the API itself speaks none; and whoever is in the group administers."""
    provider.id_claims = {**GRACE, "groups": ["admins"]}
    away = await browser.get(SIGN_IN)
    back = await provider.sign_in(browser)
    assert httpx.URL(away.headers["location"]).params["redirect_uri"] == f"{PUBLIC}/oidc/callback"
    assert "secure" in away.headers["set-cookie"].lower()
    assert "secure" in back.headers["set-cookie"].lower()
    assert who(browser, settings) == Principal("grace", frozenset({"admins"}), frozenset({"admin"}))
    out = httpx.URL((await browser.post("/logout")).json()["next"])
    assert out.params["post_logout_redirect_uri"] == f"{PUBLIC}/"


async def test_address_that_was_asked_for_is_the_way_back(provider: TalkativeProvider) -> None:
    """Where no public one is set."""
    settings = ApiSettings(oidc=OidcSettings(provider.issuer, "fleet", "secret"))
    transport = httpx.ASGITransport(Starlette(routes=sign_in_routes(settings, Sessions(SpentInMemory()))))
    async with httpx.AsyncClient(transport=transport, base_url="http://fleet.local:8080") as browser:
        away = await browser.get(SIGN_IN)
    assert httpx.URL(away.headers["location"]).params["redirect_uri"] == "http://fleet.local:8080/oidc/callback"


async def test_trying_again_leads_where_one_was_going(provider: TalkativeProvider, browser: httpx.AsyncClient) -> None:
    """The page that refuses does not know the place; the browser's way there does."""
    provider.id_claims = {}
    refused = await provider.sign_in(browser, f"{SIGN_IN}?next=%2Fworkflows%3Fstate%3DRUNNING")
    (again,) = re.findall(r'href="([^"]+)"', refused.text)
    provider.id_claims = GRACE
    assert (await provider.sign_in(browser, again)).headers["location"] == "/workflows?state=RUNNING"
    assert (await provider.sign_in(browser)).headers["location"] == "/"


async def test_refusal_is_logged_without_claims(provider: TalkativeProvider, browser: httpx.AsyncClient) -> None:
    """Whoever runs the fleet sees what kind of trouble it was; whose it was is not written down."""
    provider.id_claims = {"email": "grace@example.com"}
    with capture_logs() as logged:
        await provider.sign_in(browser)
        provider.id_claims = {**GRACE, "aud": "other", "azp": "fleet"}
        await provider.sign_in(browser)
    assert [(one["event"], one["status"], one["error"], one["why"]) for one in logged] == [
        ("oidc.refused", 403, "FleetError", ""),
        ("oidc.refused", 403, "InvalidClaimError", "invalid_claim"),
    ]
    assert "grace" not in str(logged)


async def test_sign_out_needs_no_provider(provider: TalkativeProvider, browser: httpx.AsyncClient) -> None:
    """The cookie goes, whatever a provider answers that is being repaired; signing in says who is in trouble."""
    provider.is_talking_html = True
    answer = await browser.post("/logout")
    assert answer.json() == {"next": ""}
    assert f'{COOKIE}=""' in answer.headers["set-cookie"]
    with capture_logs() as logged:
        assert (await browser.get(SIGN_IN)).status_code == 502
    assert [(one["event"], one["status"]) for one in logged] == [("oidc.refused", 502)]


URL_NAMED = "https://example.com/claims/groups"
SHAPES = [
    ("groups", {"groups": ["a", "b"]}),
    ("groups", {"groups": ["/a", "b", ""]}),
    ("groups", {"groups": "a,b"}),
    ("groups", {"groups": " /a , b "}),
    ("groups", {"groups": '["a", "/b"]'}),
    ("groups", {"groups": {"a": True, "b": {"org": "x"}, "c": False, "d": None}}),
    ("groups", {"groups": [{"name": "a"}, {"id": "4711", "displayName": "b"}]}),
    ("groups", {"groups": [{"value": "x1", "display": "a"}, {"value": "b"}]}),
    ("realm_access.roles", {"realm_access": {"roles": ["a", "b"]}}),
    ("resource_access.my.fleet.roles", {"resource_access": {"my.fleet": {"roles": ["a", "b"]}, "my": {}}}),
    (URL_NAMED, {URL_NAMED: ["a", "b"]}),
    ("urn:zitadel:iam:org:project:roles", {"urn:zitadel:iam:org:project:roles": {"a": {"1": "x"}, "b": {"1": "x"}}}),
]


@pytest.mark.parametrize(("claim", "claims"), SHAPES, ids=lambda one: str(one)[:60])
@pytest.mark.parametrize("is_signing", [None, False, True], ids=["ID token", "userinfo", "signed userinfo"])
async def test_groups_are_read_in_every_shape(
    provider: TalkativeProvider, settings: ApiSettings, claim: str, claims: dict[str, Any], is_signing: bool | None
) -> None:
    """Wherever the provider says them; by its own name, by a path, with Keycloak's slash or without."""
    assert settings.oidc is not None
    oidc = replace(settings.oidc, groups_claim=claim, operator_groups=frozenset({"/a"}))
    provider.id_claims = {**GRACE, **(claims if is_signing is None else {})}
    provider.userinfo = {"sub": "1", **claims}
    provider.is_signing_userinfo = bool(is_signing)
    found = replace(settings, oidc=oidc)
    app = without_tls(Starlette(routes=sign_in_routes(found, Sessions(SpentInMemory()))))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as browser:
        assert (await provider.sign_in(browser)).status_code == 303
        assert who(browser, found) == Principal("grace", frozenset({"a", "b"}), frozenset({"operator"}))


async def test_distinguished_name_is_one_group(
    provider: TalkativeProvider, browser: httpx.AsyncClient, settings: ApiSettings
) -> None:
    """Its commas are its own."""
    provider.id_claims = {**GRACE, "groups": "cn=ops,ou=groups,dc=example"}
    await provider.sign_in(browser)
    assert who(browser, settings) == Principal("grace", frozenset({"cn=ops,ou=groups,dc=example"}))


@pytest.mark.parametrize("said", [5, True, [5], [["a"]], [{"size": 3}], "[a"], ids=str)
async def test_groups_that_cannot_be_read_are_said_to_be(
    provider: TalkativeProvider, browser: httpx.AsyncClient, settings: ApiSettings, said: Any
) -> None:
    """They are not taken for none."""
    provider.id_claims = {**GRACE, "groups": said}
    answer = await provider.sign_in(browser)
    assert (answer.status_code, "GROUPS_CLAIM" in answer.text) == (403, True)
    assert who(browser, settings) is None


@pytest.mark.parametrize(
    "claims",
    [{"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {}}}, {"hasgroups": True}],
    ids=["names", "hint"],
)
async def test_overage_is_told_apart_from_no_groups(
    provider: TalkativeProvider, browser: httpx.AsyncClient, settings: ApiSettings, claims: dict[str, Any]
) -> None:
    """Somebody in too many groups for Entra's token is told so; who is in none comes in."""
    provider.id_claims = {**GRACE, **claims}
    answer = await provider.sign_in(browser)
    assert (answer.status_code, "more groups than the provider sends" in answer.text) == (403, True)
    provider.id_claims = {**GRACE, "_claim_names": {"address": "src1"}}
    await provider.sign_in(browser)
    assert who(browser, settings) == Principal("grace")


@pytest.mark.parametrize(
    "wrong",
    [{"iss": "https://evil.example"}, {"aud": "other"}, {"aud": ["other"]}],
    ids=["issuer", "client", "clients"],
)
async def test_signed_userinfo_of_somebody_else_is_refused(
    provider: TalkativeProvider, browser: httpx.AsyncClient, settings: ApiSettings, wrong: dict[str, Any]
) -> None:
    """What was signed for another client, or by another provider, is nothing that counts here."""
    provider.userinfo = {"sub": "1", **REVIEWERS, **wrong}
    provider.is_signing_userinfo = True
    assert (await provider.sign_in(browser)).status_code == 403
    assert who(browser, settings) is None


async def test_userinfo_that_is_signed_by_nobody_is_refused(
    provider: TalkativeProvider, browser: httpx.AsyncClient, settings: ApiSettings
) -> None:
    """Not by another key, and not by none."""
    other = TalkativeProvider(issuer=provider.issuer)
    provider.is_signing_userinfo = True
    none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwiZ3JvdXBzIjpbImFkbWlucyJdfQ."
    for token in (other.signed({"sub": "1", "groups": ["admins"]}), none, "nonsense", "a.b.c.d.e"):
        provider.signed_userinfo = token
        assert (await provider.sign_in(browser)).status_code == 403
    assert who(browser, settings) is None
