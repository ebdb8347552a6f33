"""A gateway of a test's own on a real gRPC server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import grpc.aio
import trustme
from pyzeebe.proto.gateway_pb2_grpc import GatewayServicer, add_GatewayServicer_to_server


@asynccontextmanager
async def served(gateway: GatewayServicer, authority: trustme.CA | None = None) -> AsyncIterator[str]:
    """Serve without TLS, or with a certificate of an authority; yields the address."""
    server = grpc.aio.server()
    add_GatewayServicer_to_server(gateway, server)
    if authority is None:
        address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    else:
        issued = authority.issue_cert("localhost")
        key, chain = issued.private_key_pem.bytes(), b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        credentials = grpc.ssl_server_credentials([(key, chain)])
        address = f"localhost:{server.add_secure_port('localhost:0', credentials)}"
    await server.start()
    yield address
    await server.stop(grace=None)
