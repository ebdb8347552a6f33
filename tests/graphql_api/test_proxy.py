"""The API behind a proxy that ends TLS: nginx as it is installed, with whatever it makes of the Host header."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import trustme
from wsproto.events import RejectConnection

from tests.graphql_api.conftest import SERVICE_TOKEN, Api, serving, until
from tests.graphql_api.conftest import listening as served
from tests.graphql_api.provider import TalkativeProvider
from tests.graphql_api.test_subscriptions import socket
from zeebe_fleet.deploy.local.ports import any_free_port
from zeebe_fleet.graphql_api.auth import session_cookie
from zeebe_fleet.graphql_api.oidc import SIGN_IN
from zeebe_fleet.graphql_api.settings import ApiServices, ApiSettings, OidcSettings

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(NGINX is None, reason="There is no nginx.")]

ME = {"query": "{ me { subject groups } }"}
CHANGES = "subscription { activityChanged { activityId } }"
CONFIGURATION = """
daemon off; pid {folder}/pid; error_log stderr; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem;
    location / {{
      proxy_pass {upstream};
      proxy_http_version 1.1;
      proxy_set_header Host {host};
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }}
  }}
}}
"""


@asynccontextmanager
async def nginx(folder: Path, port: int, upstream: str, host: str, authority: trustme.CA) -> AsyncIterator[None]:
    """Run nginx in front of an address for as long as the block lasts."""
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(folder / "chain.pem", append=True)
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, upstream=upstream, host=host))
    assert NGINX is not None
    running = await asyncio.create_subprocess_exec(NGINX, "-p", str(folder), "-c", str(configuration))
    try:
        yield
    finally:
        running.terminate()
        await running.wait()


@pytest.fixture
def authority() -> trustme.CA:
    """Behind the proxy's certificate."""
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """Trusts it."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.mark.parametrize("host", ["$http_host", "$host", "$host:443", "$proxy_host", "internal:8080"])
async def test_everything_works_behind_a_proxy(
    services: ApiServices, database_url: str, tmp_path: Path, authority: trustme.CA, tls: ssl.SSLContext, host: str
) -> None:
    """Signing in, pages, requests, server-sent events and WebSockets; other sites stay outside."""
    port = any_free_port()
    public = f"https://localhost:{port}"
    provider = TalkativeProvider(id_claims={"preferred_username": "grace", "groups": ["reviewers"]})
    async with served(provider.app) as provider.issuer:
        oidc = OidcSettings(provider.issuer, "fleet", "secret", public_url=public)
        settings = ApiSettings(service_token=SERVICE_TOKEN, oidc=oidc)
        async with (
            serving(services, database_url, settings) as api,
            nginx(tmp_path, port, api.url, host, authority),
            httpx.AsyncClient(base_url=public, verify=tls, trust_env=False, timeout=20.0) as browser,
        ):
            await until(lambda: _answers(browser), bool)
            back = await provider.sign_in(browser, f"{SIGN_IN}?next=%2Finbox")
            assert (back.status_code, back.headers["location"]) == (303, "/inbox")
            assert (await browser.get("/inbox")).status_code == 200
            browser.headers["origin"] = public
            me = (await browser.post("/graphql", json=ME)).json()["data"]["me"]
            assert me == {"subject": "grace", "groups": ["reviewers"]}
            evil = await browser.post("/graphql", json=ME, headers={"origin": "https://evil.example"})
            assert evil.status_code == 403
            await _follow(browser, api)
            name = session_cookie(settings)
            cookie = f"{name}={browser.cookies[name]}"
            proxied = Api(public, browser, database_url)
            async with socket(proxied, {"origin": public, "cookie": cookie}, tls=tls) as opened:
                assert (await opened.begin())["type"] == "connection_ack"
            async with socket(proxied, {"origin": "https://evil.example", "cookie": cookie}, tls=tls) as opened:
                assert isinstance(await opened.read(), RejectConnection)


async def _follow(browser: httpx.AsyncClient, api: Api) -> None:
    """Hear of an activity while the stream is open: no proxy may keep events back."""
    accepting = {"accept": "text/event-stream"}
    async with browser.stream("POST", "/graphql", json={"query": CHANGES}, headers=accepting) as stream:
        told = asyncio.create_task(anext(line async for line in stream.aiter_lines() if line.startswith("data: {")))
        while not told.done():
            await api.activity()
            await asyncio.wait([told], timeout=0.5)
        assert json.loads(told.result().removeprefix("data: "))["data"]["activityChanged"]


async def _answers(browser: httpx.AsyncClient) -> bool:
    try:
        return (await browser.get("/health")).status_code == 200
    except httpx.TransportError:
        return False
