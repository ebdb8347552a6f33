"""The sandbox that stands for the outside world on one machine, told to misbehave for a while."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from zeebe_fleet.adapters.cookies import no_cookies
from zeebe_fleet.workers.contract.refusals import EngineRefused, InvalidArgument

_TIMEOUT_S = 5.0
_SERVICE = re.compile("[a-z][a-z0-9_-]{0,63}")
_TRIES_AGAIN = 0.6
"""When a caller is told to try again, as a part of the outage: the third try, of as many as are usual, succeeds."""


class SandboxControl:
    """Speaks to the sandbox's control addresses.

    Args:
        base_url: where the sandbox listens.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    async def outages(self) -> Mapping[str, datetime]:
        """Return the services that are out of order, and until when."""
        faults: dict[str, Any] = (await self._send("GET", "/faults")).json()
        return {name: _until(fault) for name, fault in faults.items() if fault["error_status"] and fault["for_s"]}

    async def cause_outage(self, service: str, for_s: float) -> datetime:
        """Put a service out of order for a while; returns until when.

        Raises:
            InvalidArgument: there is no such service.
        """
        if not _SERVICE.fullmatch(service):
            raise InvalidArgument("That is no name of a service.", "Try kyc.")
        fault = {"error_status": 503, "for_s": for_s, "retry_after_s": math.ceil(for_s * _TRIES_AGAIN)}
        answer = await self._send("PUT", f"/faults/{service}", fault)
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise InvalidArgument(f"There is no service {service!r} in the sandbox.", "Try kyc.")
        return _until(answer.json())

    async def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        try:
            async with httpx.AsyncClient(
                base_url=self._base_url, timeout=_TIMEOUT_S, cookies=no_cookies(), trust_env=False
            ) as http:
                return await http.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise EngineRefused("The sandbox does not answer.", "See `fleet stack status`.") from error


def _until(fault: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(fault["since"]) + timedelta(seconds=fault["for_s"])
