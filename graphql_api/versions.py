"""Starts of published versions: what is not here yet is found, brought and deployed first, in no transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from zeebe_fleet.graphql_api.context import Context
from zeebe_fleet.workers.contract.api_ports import Requested, RerunRequest, StartRequest
from zeebe_fleet.workers.contract.refusals import EngineRefused, UnknownProcessVersion
from zeebe_fleet.workers.contract.versions import ANY_VERSION, NotHere, VersionRange

R = TypeVar("R", StartRequest, RerunRequest)
_ATTEMPTS = 3
"""Each finds or brings what the last one lacked."""


async def know(context: Context, name: str, wanted: VersionRange | None) -> None:
    """Hear of a process or case that nobody here knows: it may have been deployed, or published, just now."""
    accesses, versions = context.signed_in.accesses, context.services.versions
    await accesses.know(name)
    if versions is not None and name not in accesses.by_process:
        await versions.learn(name, wanted or ANY_VERSION)
        await accesses.know(name)


async def by_version(
    context: Context, name: str, version: str, request: R, send: Callable[[R], Awaitable[Requested]]
) -> Requested:
    """Send a request, and once more when the version it names has been brought here.

    Args:
        name: of the process or case.
        version: the one that is named; empty where none is, or a range.
        send: commits it, or says what is missing.

    Raises:
        RequestRefused: it cannot be brought, or may not be deployed.
    """
    if version and context.services.versions is not None:
        await context.services.versions.vouch(name, version)
    for _ in range(_ATTEMPTS):
        try:
            return await send(request)
        except NotHere as error:
            missing = error
        request = request.found(missing.name, await _brought(context, request, missing))
        await context.signed_in.accesses.renew()
        context.policy.check_start(name)  # what was brought may say otherwise than what was known
    raise EngineRefused(f"{name} changes while it is started.", "Send it again in a moment.")


async def _brought(context: Context, request: StartRequest | RerunRequest, missing: NotHere) -> str:
    is_case = isinstance(request, StartRequest) and request.is_case and missing.name == request.process_name
    versions = context.services.versions
    if versions is None:
        raise UnknownProcessVersion(
            f"Version {missing.wanted.text} of {missing.name!r} is not known here.",
            "Set FLEET_ARTIFACTS__STORE to where versions are published; write engine:3 for the engine's version 3, "
            "or leave processVersion out for the latest.",
        )
    return await versions.bring(
        missing.name, missing.wanted, deploys=context.policy.deploys_by_starting and not is_case
    )
