"""What stands between a name in the settings and a gateway that answers: DNS, a port, TLS, the right protocol."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import httpx

from zeebe_fleet.adapters.cookies import no_cookies
from zeebe_fleet.adapters.zeebe.token import trust
from zeebe_fleet.deploy.settings import ZeebeSettings
from zeebe_fleet.workers.contract.addresses import shown, without_userinfo
from zeebe_fleet.workers.contract.errors import EngineDenied, FleetError

_TIMEOUT_S = 5.0
_GRPC = "h2"


class Trouble(FleetError):
    """Something that a check found."""


async def check_address(address: str) -> str:
    """Say that somebody listens there.

    Raises:
        Trouble: the address is none, its name is unknown, or nobody listens.
    """
    host, port = _host_and_port(address)
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), _TIMEOUT_S)
    except (socket.gaierror, UnicodeError) as error:
        raise Trouble(
            f"The name {shown(host)} is unknown.", "Check its spelling in FLEET_ZEEBE__ADDRESS, and DNS."
        ) from error
    except TimeoutError as error:
        raise Trouble(
            f"{shown(address)} does not answer at all.", "A firewall or a VPN may stand in between."
        ) from error
    except OSError as error:
        raise Trouble(
            f"Nothing listens at {shown(address)}.",
            "Check the port (the gateway's is usually 26500), and that it runs.",
        ) from error
    writer.close()
    return f"Somebody listens at {shown(address)}."


async def check_certificate(address: str, ca_file: Path | None) -> str:
    """Say that the certificate is trusted.

    Raises:
        Trouble: it is not, and why; or there is no TLS at all.
    """
    host, port = _host_and_port(address)
    try:
        protocol = await _shake_hands(host, port, trusting(ca_file))
    except ssl.SSLCertVerificationError as error:
        raise _untrusted(host, error, ca_file) from error
    except (OSError, TimeoutError, UnicodeError) as error:
        raise Trouble(
            f"{shown(address)} does not speak TLS.", "Set FLEET_ZEEBE__TLS=false and no CA file, or use its TLS port."
        ) from error
    if protocol != _GRPC:
        raise Trouble(
            f"{shown(address)} speaks TLS, but not HTTP/2, which gRPC needs.",
            "That may be the REST address, or a proxy that does not pass gRPC through.",
        )
    return f"The certificate of {shown(host)} is trusted."


async def explain_silence(zeebe: ZeebeSettings, error: FleetError) -> FleetError:
    """Say why a gateway that listens does not tell its version."""
    if isinstance(error, EngineDenied):
        if zeebe.client_id:
            return Trouble(
                f"The engine refuses the token of {zeebe.client_id}. {error.message}",
                "Check audience and scope, and whether the client belongs to this cluster.",
            )
        return Trouble(
            f"The engine wants credentials. {error.message}",
            "Set FLEET_ZEEBE__CLIENT_ID, __CLIENT_SECRET and __AUTHORIZATION_SERVER.",
        )
    host, port = _host_and_port(zeebe.address)
    if not (zeebe.tls or zeebe.ca_file) and await _speaks_tls(host, port):
        return Trouble(
            f"{shown(zeebe.address)} speaks TLS.", "Set FLEET_ZEEBE__TLS=true, and a CA file if it is private."
        )
    if await _speaks_http(host, port):
        return Trouble(
            f"{shown(zeebe.address)} answers HTTP, and no gRPC.",
            "It looks like the REST address; the gateway's gRPC port is usually 26500.",
        )
    return error


async def _shake_hands(host: str, port: int, context: ssl.SSLContext) -> str | None:
    context.set_alpn_protocols([_GRPC])
    _, writer = await asyncio.wait_for(asyncio.open_connection(host, port, ssl=context), _TIMEOUT_S)
    try:
        shaken: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return shaken.selected_alpn_protocol()
    finally:
        writer.close()


async def _speaks_tls(host: str, port: int) -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # only whether, not whose
    try:
        await _shake_hands(host, port, context)
    except (OSError, TimeoutError):
        return False
    return True


async def _speaks_http(host: str, port: int) -> bool:
    with suppress(httpx.HTTPError):
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, cookies=no_cookies(), trust_env=False) as http:
            return (await http.get(f"http://{host}:{port}/v2/topology")).status_code > 0
    return False


def _untrusted(host: str, error: ssl.SSLCertVerificationError, ca_file: Path | None) -> Trouble:
    reason, host = without_userinfo(error.verify_message), shown(host)
    if "mismatch" in reason or "doesn't match" in reason:
        return Trouble(f"The certificate is not for {host}: {reason}.", "Use the name that the certificate is for.")
    if "expired" in reason:
        return Trouble(f"The certificate of {host} has expired.", "Have it renewed, or check this machine's clock.")
    named = f"not by {ca_file}" if ca_file else "not by an authority that this machine knows"
    return Trouble(
        f"The certificate of {host} is signed, but {named} ({reason}).",
        "Name the PEM file of its authority in FLEET_ZEEBE__CA_FILE.",
    )


def trusting(ca_file: Path | None, setting: str = "FLEET_ZEEBE__CA_FILE") -> ssl.SSLContext:
    """Return the authorities to trust, one of them from a file that a setting names.

    Raises:
        Trouble: there is no such file, or nothing in it that could be used.
    """
    try:
        return trust(ca_file)
    except (OSError, ssl.SSLError) as error:
        raise Trouble(f"The CA file {ca_file} cannot be used ({error}).", f"{setting} names a PEM file.") from error


def _host_and_port(address: str) -> tuple[str, int]:
    if "://" in address:
        bare = shown(address.partition("://")[2]).rstrip("/")
        raise Trouble(
            f"The address {shown(address)} has a scheme; gRPC wants host and port.",
            f"Set FLEET_ZEEBE__ADDRESS={bare}, and FLEET_ZEEBE__TLS for https.",
        )
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise Trouble(
            f"The address {shown(address)} names no port.", "Write host:port; the gateway's port is usually 26500."
        )
    return host.strip("[]"), int(port)
