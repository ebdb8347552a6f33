"""Signing people in through an OIDC provider: the code flow with PKCE, done by Authlib.

Source: https://openid.net/specs/openid-connect-core-1_0.html
"""

from __future__ import annotations

import html
import json
import math
import re
import ssl
import time
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx
import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from zeebe_fleet.graphql_api.attempts import Attempt, Attempts
from zeebe_fleet.graphql_api.auth import identify, keep_session, sign_session
from zeebe_fleet.graphql_api.bounded import HOOKS
from zeebe_fleet.graphql_api.claims import Reading, has_groups, read_claims
from zeebe_fleet.graphql_api.sessions import Sessions
from zeebe_fleet.graphql_api.settings import ApiSettings, OidcSettings
from zeebe_fleet.workers.contract.addresses import shown
from zeebe_fleet.workers.contract.errors import FleetError

if TYPE_CHECKING:
    from authlib.integrations.starlette_client import StarletteOAuth2App

SIGN_IN = "/oidc/sign-in"
_CALLBACK = "/oidc/callback"
_STALE = "mismatching_state"
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""With a key that only the provider has; whatever it lists, a token without a signature or by a shared key is none."""
_LEEWAY_S = 120
_ERROR_CODE = re.compile(r"[a-z_]{1,40}")
_DESCRIPTION = 500
"""Characters of what a provider says of its reason that people are shown."""
_NO_ANSWER = (httpx.HTTPError, ValueError, RuntimeError)
"""What Authlib raises of a provider that is away, or that answers something else than was asked for."""

log = structlog.get_logger("fleet.oidc")


class Provider:
    """Where people sign in.

    Args:
        settings: of the API; its `oidc` names the provider.
        sessions: know which ways back were walked; needed where people sign in.
    """

    def __init__(self, settings: ApiSettings, oidc: OidcSettings, sessions: Sessions | None = None) -> None:
        self._settings = settings
        self._sessions = sessions
        self._oidc = oidc
        self._client = _client(oidc)
        self._attempts = Attempts(settings.session_secret, secure=oidc.public_url.startswith("https:"))

    @property
    def name(self) -> str:
        """What people know it by."""
        return urlsplit(shown(self._oidc.issuer)).hostname or shown(self._oidc.issuer)

    def routes(self) -> list[BaseRoute]:
        """Return the way there and the way back."""
        return [Route(SIGN_IN, self._sign_in), Route(_CALLBACK, self._called_back)]

    async def sign_out_url(self, request: Request) -> str:
        """Return where the provider forgets somebody too; empty if it has no such place or does not answer."""
        try:
            metadata = await self._metadata()
        except _NO_ANSWER:
            return ""
        place = metadata.get("end_session_endpoint", "")
        back = {"client_id": self._oidc.client_id, "post_logout_redirect_uri": f"{self._public_url(request)}/"}
        return f"{place}?{urlencode(back)}" if place else ""

    async def reading(self, token: str) -> Reading:
        """Return whom an ID token names, and why; claims as JSON are read as if they were believed.

        Raises:
            FleetError: the token is none of the provider's for this client, or it names nobody.
        """
        from joserfc.errors import JoseError

        if token.lstrip().startswith("{"):
            reading = read_claims(_object(token), self._oidc)
            return Reading(reading.principal, ("These claims are not signed: read as if they were.", *reading.why))
        try:
            claims = await self._signed_claims(token.strip())
        except (JoseError, *_NO_ANSWER) as error:
            raise FleetError(
                f"That is no token that {self.name} signed ({type(error).__name__}).", "Give the whole ID token."
            ) from error
        reading = read_claims(claims, self._oidc)
        if float(claims.get("exp", math.inf)) < time.time():
            return Reading(reading.principal, ("The token has run out; read as if it had not.", *reading.why))
        return reading

    async def _sign_in(self, request: Request) -> Response:
        place = _own_place(request.query_params.get("next", ""))
        callback = f"{self._public_url(request)}{_CALLBACK}"
        try:
            await self._metadata()
            begun = await self._client.create_authorization_url(callback)
        except FleetError as error:
            return _trouble(502, f"{error.message} {error.suggestion}", place, error)
        except _NO_ANSWER as error:
            said = f"{self.name} does not answer as it should ({type(error).__name__})."
            return _trouble(502, said, place, error)
        response = RedirectResponse(begun["url"], status_code=302)
        nonce, verifier = begun.get("nonce", ""), begun.get("code_verifier", "")
        self._attempts.keep(request, response, Attempt(begun["state"], nonce, verifier, callback, place))
        return response

    async def _called_back(self, request: Request) -> Response:
        attempt = self._attempts.find(request, request.query_params.get("state", ""))
        if attempt is None:
            return self._unasked(request)
        if attempt.stage == "done":  # a way back that was walked: whoever is signed in goes where they were going
            return RedirectResponse(attempt.place, status_code=303)
        if attempt.stage == "failed" or attempt.is_late:
            return _trouble(403, f"{self.name} did not sign you in ({_STALE}).", attempt.place)
        try:
            await self._walk_once(attempt)
            principal = read_claims(await self._claims(request, attempt), self._oidc).principal
            response: Response = RedirectResponse(attempt.place, status_code=303)
            token, secure = sign_session(principal, self._settings), self._is_secure(request)
            keep_session(response, token, self._settings, secure=secure)
        except Exception as error:
            response = self._refused(error, attempt.place)
            self._attempts.end(request, response, attempt, "failed")
            return response
        self._attempts.end(request, response, attempt, "done")
        return response

    def _unasked(self, request: Request) -> Response:
        """Answer a way back that belongs to no attempt of this browser; its words may be anybody's, but for a code."""
        place, said = self._attempts.latest_place(request), request.query_params.get("error", "")
        if not said and identify(request, self._settings):
            return RedirectResponse(place, status_code=303)
        code = said if _ERROR_CODE.fullmatch(said) else _STALE
        return _trouble(403, f"{self.name} did not sign you in ({code}).", place)

    def _refused(self, error: Exception, place: str) -> Response:
        from authlib.common.errors import AuthlibBaseError
        from joserfc.errors import JoseError

        if isinstance(error, FleetError):
            return _trouble(403, f"{error.message} {error.suggestion}", place, error)
        if not isinstance(error, (AuthlibBaseError, JoseError, *_NO_ANSWER)):
            raise error
        why = getattr(error, "error", "") or type(error).__name__
        said = str(getattr(error, "description", "") or "")[:_DESCRIPTION]
        return _trouble(403, f"{self.name} did not sign you in ({why}). {said}".strip(), place, error)

    async def _walk_once(self, attempt: Attempt) -> None:
        """See to it that an attempt leads back once, whoever kept a copy of its cookie."""
        if self._sessions is None or not await self._sessions.use_once(attempt.state, attempt.ends_at):
            raise FleetError("This way to sign in was walked before.", "Try again.")

    async def _claims(self, request: Request, attempt: Attempt) -> Mapping[str, Any]:
        """Return what the provider says of somebody: the ID token, whose signature, audience, age and nonce fit."""
        from authlib.integrations.base_client import OAuthError
        from joserfc.jwt import JWTClaimsRegistry

        given = request.query_params
        if given.get("error"):
            raise OAuthError(error=given["error"], description=given.get("error_description"))
        must: dict[str, Any] = {name: {"essential": True} for name in ("sub", "iat", "exp")}
        expected = {"iss": self._oidc.issuer, "aud": self._oidc.client_id, "nonce": attempt.nonce}
        must |= {name: {"essential": True, "value": value} for name, value in expected.items()}
        await self._metadata()  # before anybody is told the client's secret
        secret = self._oidc.client_secret
        self._client.client_secret = secret() if callable(secret) else secret
        token = await self._client.fetch_access_token(
            redirect_uri=attempt.callback,
            code=given.get("code"),
            state=attempt.state,
            code_verifier=attempt.code_verifier,
        )
        if not token.get("id_token"):
            raise FleetError(f"{self.name} sent no ID token.", "The scope must hold openid.")
        claims = dict(await self._verified(str(token["id_token"])))
        JWTClaimsRegistry(leeway=_LEEWAY_S, **must).validate(claims)
        if claims.get("azp", self._oidc.client_id) != self._oidc.client_id:
            raise FleetError(f"{self.name} made that token for another client.", "It is azp that says so.")
        if has_groups(claims, self._oidc):
            return claims
        more = await self._userinfo(token)
        return {**more, **claims} if more.get("sub") == claims["sub"] else claims

    async def _userinfo(self, token: Any) -> Mapping[str, Any]:
        """Return what the userinfo endpoint says, signed or not; nothing where there is none."""
        place = (await self._metadata()).get("userinfo_endpoint")
        if not place:
            return {}
        answer = await self._client.get(place, token=token)
        answer.raise_for_status()
        if answer.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/jwt":
            return await self._signed_claims(answer.text.strip())
        said = answer.json()
        if not isinstance(said, dict):
            raise FleetError(f"{self.name} answers for userinfo what is no object.", "Look at its userinfo endpoint.")
        return said

    async def _verified(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a token that the provider signed, for whomever.

        Raises:
            FleetError: it is encrypted, or the provider is another one.
        """
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError
        from joserfc.jwk import KeySet
        from joserfc.jws import JWSRegistry

        if token.count(".") == 4:
            raise FleetError(f"{self.name} sends encrypted claims.", "Have them signed only.")
        await self._metadata()
        registry = JWSRegistry(algorithms=list(_ALGORITHMS), strict_check_header=False)
        try:
            keys = KeySet.import_key_set(await self._client.fetch_jwk_set())
            return jwt.decode(token, keys, registry=registry).claims
        except InvalidKeyIdError:
            keys = KeySet.import_key_set(await self._client.fetch_jwk_set(force=True))
            return jwt.decode(token, keys, registry=registry).claims

    async def _signed_claims(self, token: str) -> Mapping[str, Any]:
        """Return the claims of a token that the provider signed for this client.

        Raises:
            FleetError: it is encrypted, or was made by or for somebody else.
        """
        claims = await self._verified(token)
        audience = claims.get("aud", self._oidc.client_id)
        audiences = audience if isinstance(audience, list) else [audience]
        if claims.get("iss", self._oidc.issuer) != self._oidc.issuer or self._oidc.client_id not in audiences:
            raise FleetError(
                f"{self.name} signed that in another name, or for another client.",
                f"It says iss {claims.get('iss')!r}, aud {audience!r}.",
            )
        return claims

    async def _metadata(self) -> Mapping[str, Any]:
        """Return what the provider says of itself.

        Raises:
            FleetError: it speaks for another issuer.

        Source: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation
        """
        metadata: Mapping[str, Any] = await self._client.load_server_metadata()
        if metadata.get("issuer") != self._oidc.issuer:
            raise FleetError(
                f"{self.name} says that it is another issuer: {str(metadata.get('issuer'))[:200]!r}.",
                "Set FLEET_API__OIDC__ISSUER to the issuer itself, to the letter.",
            )
        return metadata

    def _is_secure(self, request: Request) -> bool:
        return self._public_url(request).startswith("https:")

    def _public_url(self, request: Request) -> str:
        return self._oidc.public_url.rstrip("/") or str(request.base_url).rstrip("/")


def _trouble(status: int, said: str, place: str, error: Exception | None = None) -> Response:
    """Tell a person, and the log, which is told no claims; trying again leads where they were going."""
    kind, why = (type(error).__name__, getattr(error, "error", "")) if error else ("MismatchingStateError", _STALE)
    log.warning("oidc.refused", status=status, error=kind, why=why)
    again = html.escape(f"{SIGN_IN}?{urlencode({'next': place})}")
    body = f'<h1>Not signed in</h1><p>{html.escape(said)}</p><p><a href="{again}">Try again</a></p>'
    return HTMLResponse(f'<!doctype html><html lang="en"><title>Not signed in</title>{body}', status)


def _client(oidc: OidcSettings) -> StarletteOAuth2App:
    with warnings.catch_warnings():  # Authlib prefers a successor of httpx, and says so; it works with both
        import authlib.deprecate  # noqa: F401  (sets a filter of its own)

        warnings.simplefilter("ignore")
        from authlib.integrations.starlette_client import OAuth
    kwargs: dict[str, Any] = {"scope": oidc.scope, "code_challenge_method": "S256", "timeout": 10.0}
    kwargs["event_hooks"] = HOOKS
    kwargs["verify"] = _trusted(oidc)
    return OAuth().register(
        "fleet",
        server_metadata_url=f"{oidc.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_id=oidc.client_id,
        client_secret="",
        client_kwargs=kwargs,
    )


def _trusted(oidc: OidcSettings) -> ssl.SSLContext:
    """Read the authorities once: each sign-in asks by several clients, each of which would read them anew."""
    if oidc.ca_file is None:
        return httpx.create_ssl_context()
    context = ssl.create_default_context()
    context.load_verify_locations(oidc.ca_file)
    return context


def _own_place(path: str) -> str:
    """Return a path of this site; whatever leads elsewhere leads to the start."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def _object(text: str) -> Mapping[str, Any]:
    try:
        return dict(json.loads(text))
    except ValueError:
        raise FleetError("That is no JSON object.", "Give an ID token, or its claims.") from None
