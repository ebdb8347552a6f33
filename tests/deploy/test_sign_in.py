"""What `fleet doctor --sign-in` says of a token: whom it would let in, as what, and why."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console

from tests.graphql_api.conftest import listening
from tests.graphql_api.provider import TalkativeProvider
from zeebe_fleet.deploy.doctor import examine
from zeebe_fleet.deploy.settings import ApiSettingsSection, OidcSection, Settings
from zeebe_fleet.deploy.sign_in import show_reading

GRACE = {"preferred_username": "grace", "realm_access": {"roles": ["/ops", "reviewers"]}}
Said = Callable[..., Any]


@pytest.fixture
async def provider() -> AsyncIterator[TalkativeProvider]:
    """A provider that knows grace."""
    provider = TalkativeProvider(id_claims=GRACE)
    async with listening(provider.app) as provider.issuer:
        yield provider


@pytest.fixture
def said(provider: TalkativeProvider, tmp_path: Path) -> Said:
    """Asks of a token, with settings that name the provider; returns whether all is well, and what was printed."""

    async def said(token: str, **oidc: Any) -> tuple[bool, str]:
        given = {"issuer": provider.issuer, "client_id": "fleet", "client_secret": SecretStr("secret"), **oidc}
        settings = Settings(api=ApiSettingsSection(oidc=OidcSection(**given)))
        file, printed = tmp_path / "token.txt", io.StringIO()
        file.write_text(f"{token}\n")
        well = await asyncio.to_thread(show_reading, settings, file, Console(file=printed, width=500))
        return well, printed.getvalue()

    return said


async def test_token_is_read_with_reasons(provider: TalkativeProvider, said: Said) -> None:
    """Subject, groups and each role, with the claim or the setting that it comes from."""
    well, text = await said(provider.id_token(), groups_claim="realm_access.roles", operator_groups=["ops"])
    assert well
    assert "grace would be let in, as operator." in text
    assert "'preferred_username' says 'grace'" in text
    assert "'realm_access.roles' says ops, reviewers." in text
    assert "The role operator, by ops in FLEET_API__OIDC__OPERATOR_GROUPS." in text
    assert "Not the role admin: FLEET_API__OIDC__ADMIN_GROUPS is empty." in text


async def test_claim_that_is_not_there_is_said_to_be(provider: TalkativeProvider, said: Said) -> None:
    """With those that are, among which is the one to name."""
    well, text = await said(provider.id_token())
    assert well
    assert "with no role" in text
    assert "There is no claim 'groups'" in text
    assert "realm_access" in text.partition("there are")[2]


async def test_claims_alone_are_read_too(said: Said) -> None:
    """As a provider's console shows them; it is said that nobody signed them."""
    well, text = await said(json.dumps(GRACE))
    assert (well, "not signed" in text) == (True, True)


async def test_old_token_is_read_all_the_same(provider: TalkativeProvider, said: Said) -> None:
    """Whoever asks has it from somewhere; that it has run out is said."""
    provider.id_claims = {**GRACE, "exp": 1_000_000}
    well, text = await said(provider.id_token())
    assert (well, "has run out" in text) == (True, True)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "other"}, "for another client"),
        ({"iss": "https://evil.example"}, "in another name"),
        ({"preferred_username": None}, "FLEET_API__OIDC__SUBJECT_CLAIM"),
        ({"hasgroups": True}, "FLEET_API__OIDC__GROUPS_CLAIM is roles"),
    ],
)
async def test_token_that_lets_nobody_in_says_why(
    provider: TalkativeProvider, said: Said, claims: dict[str, Any], reason: str
) -> None:
    """With what to do about it."""
    provider.id_claims = {**GRACE, **claims}
    well, text = await said(provider.id_token())
    assert (well, reason in text) == (False, True)


@pytest.mark.parametrize("token", ["", "nonsense", "{", "[]", "a.b.c", "a.b.c.d.e"])
async def test_what_is_no_token_is_refused(said: Said, token: str) -> None:
    """In a sentence."""
    well, text = await said(token)
    assert not well
    assert "→" in text


async def test_doctor_refuses_a_public_address_with_a_path(provider: TalkativeProvider) -> None:
    """The API would not start with it; the doctor says the same."""
    oidc = OidcSection(issuer=provider.issuer, public_url="https://example.com/fleet")
    settings = Settings(api=ApiSettingsSection(oidc=oidc))
    (finding,) = [one async for one in examine(settings) if one.subject == "sign-in"]
    assert (finding.well, "has a path" in finding.said) == (False, True)
