"""Attempts to sign in, each with a cookie of its own: several tabs may be on their way, and nobody loses the place.

What must be remembered between the way there and the way back is signed and good for ten minutes; where somebody was
going is remembered for a day, so that whoever comes back too late, or twice, still gets there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.graphql_api.settings import Key, keys_of

_PREFIX = "fleet_sign_in_"
_PATH = "/oidc"
_UNDER_WAY_S = 600
"""How long somebody may take at the provider."""
_REMEMBERED_S = 86_400
_KEPT = 8
"""Attempts of one browser; more would make its requests too large for some proxies."""
_COOKIE_BYTES = 3_800

Stage = Literal["open", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to the provider and back.

    Args:
        place: where somebody was going, on this site.
        stage: whether the way back was walked already, and how that ended.
    """

    state: str
    nonce: str
    code_verifier: str
    callback: str
    place: str
    stage: Stage = "open"
    is_late: bool = False
    ends_at: float = 0.0
    """When its cookie is worth nothing any more, in seconds since 1970."""

    @property
    def cookie(self) -> str:
        """The name of its cookie."""
        return f"{_PREFIX}{hashlib.sha256(self.state.encode()).hexdigest()[:16]}"


class Attempts:
    """Keeps attempts in the browser.

    Args:
        secret: signs them.
        secure: whether they go by TLS only.
    """

    def __init__(self, secret: Key, *, secure: bool) -> None:
        self._secret = secret
        self._secure = secure

    @property
    def _signer(self) -> URLSafeTimedSerializer:
        how = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        keys = list(reversed(keys_of(self._secret)))
        return URLSafeTimedSerializer(keys, salt="an attempt to sign in", signer_kwargs=how)

    def find(self, request: Request, state: str) -> Attempt | None:
        """Return the attempt that a way back belongs to, if this browser began it."""
        name = Attempt(state, "", "", "", "").cookie
        found = self._read(request.cookies.get(name, ""))
        return found[1] if found and found[1].state == state else None

    def latest_place(self, request: Request) -> str:
        """Return where this browser was going last; the start if nobody knows."""
        found = [one for name in self._kept(request.cookies) if (one := self._read(request.cookies[name]))]
        return found[-1][1].place if found else "/"

    def keep(self, request: Request, response: Response, attempt: Attempt) -> None:
        """Remember an attempt, and forget the oldest of many."""
        kept = self._kept(request.cookies)
        for name in kept[: max(0, len(kept) - _KEPT + 1)]:
            if name != attempt.cookie:
                response.delete_cookie(name, path=_PATH)
        value = self._signed(attempt)
        if len(value) > _COOKIE_BYTES:
            value = self._signed(replace(attempt, place="/"))
        response.set_cookie(
            attempt.cookie, value, _REMEMBERED_S, path=_PATH, httponly=True, samesite="lax", secure=self._secure
        )

    def end(self, request: Request, response: Response, attempt: Attempt, stage: Stage) -> None:
        """Note how an attempt ended; of what it was only the place is kept."""
        over = Attempt(attempt.state, "", "", "", attempt.place, stage)
        self.keep(request, response, over)

    def _signed(self, attempt: Attempt) -> str:
        return str(self._signer.dumps(asdict(attempt)))

    def _kept(self, cookies: Mapping[str, str]) -> list[str]:
        """Return the names of this browser's attempts, the oldest first."""
        long_ago = datetime.min.replace(tzinfo=UTC)
        names = [name for name in cookies if name.startswith(_PREFIX)]
        ages = {name: found[0] if (found := self._read(cookies[name])) else long_ago for name in names}
        return sorted(names, key=lambda name: ages[name])

    def _read(self, value: str) -> tuple[datetime, Attempt] | None:
        try:
            kept, signed_at = self._signer.loads(value, max_age=_REMEMBERED_S, return_timestamp=True)
        except BadData:
            return None
        age_s = (datetime.now(UTC) - signed_at).total_seconds()
        ends_at = signed_at.timestamp() + _REMEMBERED_S
        return signed_at, replace(Attempt(**kept), is_late=age_s > _UNDER_WAY_S, ends_at=ends_at)
