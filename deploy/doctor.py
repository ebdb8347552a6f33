"""`fleet doctor`: what is wrong between this machine and the engine, the database and the API, in plain words.

The checks of one subject run one after the other, and the first that fails ends them: what comes later would only
say the same in other words. Nothing that is asked changes anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import httpx
from rich.console import Console

from zeebe_fleet.adapters.activity_graphql import GraphQLActivitySystem
from zeebe_fleet.adapters.cookies import no_cookies
from zeebe_fleet.adapters.zeebe.capabilities import version_of
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine
from zeebe_fleet.adapters.zeebe.token import TokenSource
from zeebe_fleet.deploy.bootstrap import connection_to
from zeebe_fleet.deploy.doctor_database import check_database, check_rights, check_schema
from zeebe_fleet.deploy.doctor_network import Trouble, check_address, check_certificate, explain_silence, trusting
from zeebe_fleet.deploy.doctor_store import check_store
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.graphql_api.origins import check_public_url
from zeebe_fleet.workers.contract.addresses import shown, without_userinfo
from zeebe_fleet.workers.contract.errors import EngineError, EngineGone, EngineRejected, FleetError
from zeebe_fleet.workers.contract.job import ProcessInstanceKey
from zeebe_fleet.workers.contract.ports import Resource

OLDEST = (8, 6)
_NOBODY = "fleet-doctor-asks-whether-it-may"
_TIMEOUT_S = 5.0

Check = Callable[[Settings], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Args:
        said: one sentence on how it is.
        next_step: what to do about it; empty when all is well.
    """

    subject: str
    well: bool
    said: str
    next_step: str = ""


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Yield what is found, in the order in which one would look."""
    for subjects in _plan(settings):
        for subject, check in subjects:
            finding = await _found(subject, check, settings)
            yield finding
            if not finding.well:
                break


def show_findings(settings: Settings, console: Console) -> bool:
    """Print each finding as it is made, on a `terminal()`; returns whether all is well."""

    async def show() -> bool:
        well = True
        async for finding in examine(settings):
            console.print("✓" if finding.well else "✗", style="green" if finding.well else "red", end="")
            console.print(f" {finding.subject:<13}{finding.said}")
            if finding.next_step:
                console.print(f"  {'':<13}→ {finding.next_step}")
            well = well and finding.well
        return well

    return asyncio.run(show())


def _plan(settings: Settings) -> list[list[tuple[str, Check]]]:
    zeebe = settings.zeebe
    engine: list[tuple[str, Check]] = [("address", _address)]
    if zeebe.tls or zeebe.ca_file:
        engine.append(("certificate", _certificate))
    if zeebe.client_id:
        engine.append(("credential", _credential))
    engine += [("version", _version), ("tenant", _tenant), ("permissions", _permissions)]
    plan = [engine] if zeebe.address else []
    if zeebe.address and zeebe.operate_url:
        plan.append([("operate", _operate)])
    if settings.database_url:
        plan.append([("database", check_database), ("schema", check_schema), ("rights", check_rights)])
    if settings.artifacts.store:
        plan.append([("store", check_store)])
    plan.append([("API", _api)])
    if settings.api.oidc.issuer:
        plan.append([("sign-in", _sign_in)])
    return plan


async def _found(subject: str, check: Check, settings: Settings) -> Finding:
    try:
        return Finding(subject, True, await check(settings))
    except FleetError as error:
        return Finding(subject, False, without_userinfo(error.message), without_userinfo(error.suggestion))


async def _address(settings: Settings) -> str:
    return await check_address(settings.zeebe.address)


async def _certificate(settings: Settings) -> str:
    return await check_certificate(settings.zeebe.address, settings.zeebe.ca_file)


async def _credential(settings: Settings) -> str:
    connection = connection_to(settings.zeebe)
    assert connection.oauth is not None, "planned only with a client id"
    await TokenSource(connection.oauth, ca_file=connection.ca_file, timeout_s=_TIMEOUT_S).token()
    return f"{shown(settings.zeebe.authorization_server)} gives {settings.zeebe.client_id} a token."


async def _version(settings: Settings) -> str:
    async with _engine(settings) as engine:
        try:
            found = await engine.capabilities()
        except EngineError as error:
            raise await explain_silence(settings.zeebe, error) from error
    if version_of(found.version) < OLDEST:
        raise Trouble(
            f"The engine is Zeebe {found.version}, which knows no execution listeners.",
            "Use 8.6 or newer: the fleet adopts instances by a listener.",
        )
    retrying = "" if found.incident_search else "; it cannot be asked for incidents, so retries need Operate"
    return f"Zeebe {found.version} with {found.partitions} partition(s){retrying}."


async def _tenant(settings: Settings) -> str:
    tenant = settings.zeebe.tenant_id
    async with _engine(settings) as engine:
        try:
            await engine.activate(_NOBODY, limit=1, lease_s=1.0, worker="fleet-doctor", poll_s=0)
        except EngineRejected as error:
            raise Trouble(
                f"The engine does not accept tenant {tenant!r}: {error.message}",
                "Set FLEET_ZEEBE__TENANT_ID to a tenant it has, or leave it out where there are no tenants.",
            ) from error
    return f"Jobs of tenant {tenant!r} may be taken."


async def _permissions(settings: Settings) -> str:
    """Ask for what must be refused for another reason: a process nobody has, a file that is none."""
    async with _engine(settings) as engine:
        with suppress(EngineGone, EngineRejected):
            await engine.start(process_name=_NOBODY)
        with suppress(EngineRejected):
            await engine.deploy([Resource(f"{_NOBODY}.bpmn", b"")])
    return "Instances may be started and processes deployed."


async def _operate(settings: Settings) -> str:
    # Without its own search, so that it is Operate that is asked.
    zeebe = settings.zeebe.model_copy(update={"rest_address": ""})
    async with ZeebeEngine(connection_to(zeebe)) as engine:
        await engine.find_incidents(ProcessInstanceKey(1))
    return f"Operate at {shown(zeebe.operate_url)} can be asked for incidents."


async def _api(settings: Settings) -> str:
    token = settings.api.token_now
    async with GraphQLActivitySystem(settings.api_url, token, timeout_s=_TIMEOUT_S) as activities:
        try:
            await activities.activities_to_probe(1)
        except FleetError as error:
            shared = "service_token" in settings.api.model_fields_set
            hint = "" if shared else " FLEET_API__SERVICE_TOKEN is not set: each process makes up its own."
            raise Trouble(f"{error.message}{hint}", error.suggestion) from error
    return f"The API at {shown(settings.api_url)} answers, and knows the service token."


async def _sign_in(settings: Settings) -> str:
    issuer, public_url = settings.api.oidc.issuer, settings.api.oidc.public_url
    if public_url:
        check_public_url(public_url)
    ask = "Look at FLEET_API__OIDC__ISSUER, and FLEET_API__OIDC__CA_FILE for an authority of your own."
    trusted = trusting(settings.api.oidc.ca_file, "FLEET_API__OIDC__CA_FILE")
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, verify=trusted, cookies=no_cookies()) as http:
            answer = await http.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            said = answer.raise_for_status().json()["issuer"]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        raise Trouble(f"{shown(issuer)} is no provider of OpenID Connect ({type(error).__name__}).", ask) from error
    if said != issuer:
        raise Trouble(
            f"{shown(issuer)} calls itself {shown(str(said))}.", "Set FLEET_API__OIDC__ISSUER to that, to the letter."
        )
    return f"People sign in at {shown(issuer)}."


def _engine(settings: Settings) -> ZeebeEngine:
    return ZeebeEngine(connection_to(settings.zeebe.model_copy(update={"timeout_s": _TIMEOUT_S})))
