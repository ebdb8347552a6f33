"""Puts the GraphQL API together; apart from `bootstrap`, so that a worker need not load what it never serves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.applications import Starlette

from zeebe_fleet.adapters.postgres.activities import PostgresActivities
from zeebe_fleet.adapters.postgres.data_rows import PostgresDataRows
from zeebe_fleet.adapters.postgres.feed import PostgresFeed
from zeebe_fleet.adapters.postgres.logins import RECORDS, as_login
from zeebe_fleet.adapters.postgres.requests import PostgresRequests
from zeebe_fleet.adapters.postgres.sessions import database as records_database
from zeebe_fleet.adapters.postgres.spent_tokens import PostgresSpentTokens
from zeebe_fleet.adapters.postgres.workflows import PostgresWorkflows
from zeebe_fleet.adapters.sandbox import SandboxControl
from zeebe_fleet.deploy.app import load_app
from zeebe_fleet.deploy.arrivals import process_versions
from zeebe_fleet.deploy.bootstrap import Core, cases, relay
from zeebe_fleet.deploy.connections import Patience, affordable
from zeebe_fleet.deploy.known_operations import known_operations
from zeebe_fleet.deploy.library import library_of
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.deploy.sign_in import provider_settings
from zeebe_fleet.graphql_api.app import create_app
from zeebe_fleet.graphql_api.guards import check_bind, security_headers
from zeebe_fleet.graphql_api.keys import LiveKeys
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings, RoomLimits, ShareLimits
from zeebe_fleet.workers.contract.data_models import data_models


@asynccontextmanager
async def api_app(core: Core) -> AsyncIterator[Starlette]:
    """Put the GraphQL API together; it tells the engine at once, and the relay whatever that misses."""
    settings = core.settings
    api_settings = ApiSettings(
        service_token=LiveKeys("FLEET_API__SERVICE_TOKEN", settings.api.service_token.get_secret_value),
        session_secret=LiveKeys("FLEET_API__SESSION_KEY", settings.api.session_key.get_secret_value),
        session_s=settings.api.session_s,
        operate_url=settings.api.operate_url,
        deployer_groups=frozenset(settings.api.deployer_groups),
        definitions_url=settings.api.definitions_url,
        allowed_origins=frozenset(settings.api.allowed_origins),
        share=ShareLimits(**settings.api.share.model_dump()),
        room=_room(settings),
        known=known_operations(settings.api),
        oidc=provider_settings(settings.api.oidc) if settings.api.oidc.issuer else None,
    )
    check_bind(settings.api.host, api_settings)
    database = records_database(as_login(settings.database_url, RECORDS), pool_pre_ping=True, hide_parameters=True)
    sessions = async_sessionmaker(database, expire_on_commit=False)
    changes = PostgresFeed(settings.database_url)
    library = library_of(settings.artifacts, sessions)
    try:
        async with relay(core) as delivery, process_versions(core) as versions, cases(settings) as known:
            services = ApiServices(
                workflows=PostgresWorkflows(sessions, core.definitions.model_of),
                activities=PostgresActivities(sessions),
                requests=PostgresRequests(sessions),
                delivery=delivery,
                engine=core.engine,
                changes=changes,
                spent_tokens=PostgresSpentTokens(sessions),
                outside_world=SandboxControl(settings.api.sandbox_url) if settings.api.sandbox_url else None,
                versions=versions,
                library=library,
                cases=known,
                data_rows=_data_rows(settings.app, sessions),
            )
            yield create_app(services, api_settings)
    finally:
        await library.close()
        await changes.close()
        await database.dispose()


def api_patience(settings: Settings) -> Patience:
    """Return how long the API's connections may rest, how many there may be, and what each answer has."""
    https = settings.api.oidc.public_url.lower().startswith("https:")
    return Patience(connections=settings.api.connections, headers=security_headers(https=https))


def _room(settings: Settings) -> RoomLimits:
    """Leave a tenth of the connections to pages, to signing in and to strangers."""
    connections = affordable(api_patience(settings)).connections
    return RoomLimits(lasting=connections * 6 // 10, under_way=connections * 3 // 10)


def _data_rows(app: str, sessions: async_sessionmaker[AsyncSession]) -> PostgresDataRows | None:
    """Open what the app's data models say is open; an API that knows no app serves none of it."""
    namespaces = {namespace.name for namespace in load_app(app).namespaces} if app else set()
    opened = [one for one in data_models().values() if one.namespace in namespaces and one.readable is not None]
    return PostgresDataRows(sessions, opened) if opened else None
