"""An S3 server of the tests' own, spoken to over a socket: moto's, in a process of its own, until its input ends.

It answers one request at a time, so that what is conditional is decided by nobody else meanwhile.
FLEET_TEST_S3 names another one, FLEET_TEST_S3_KEY and FLEET_TEST_S3_SECRET let the tests in: Versity's gateway, say,
`versitygw --access KEY --secret SECRET --port 127.0.0.1:7071 posix FOLDER`.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from zeebe_fleet.adapters.artifacts import S3Access

_SERVER = """
import os, sys, threading
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
print(server.port, flush=True)
server.serve_forever()
"""


@dataclass(frozen=True)
class S3Server:
    """Where it answers, and who is let in."""

    endpoint: str
    key: str = "tests"
    secret: str = "tests"
    reads_signatures: bool = False
    """Whether it refuses a request that was changed on its way."""

    def access(self, endpoint: str = "", *, timeout_s: float = 10.0) -> S3Access:
        """Return how a bucket of it is reached, or through what stands before it."""
        return S3Access(endpoint or self.endpoint, "us-east-1", self.key, lambda: self.secret, timeout_s=timeout_s)

    def settings(self, address: str) -> dict[str, str]:
        """Return what leads a command to a store in it."""
        return {
            "FLEET_ARTIFACTS__STORE": address,
            "FLEET_ARTIFACTS__ENDPOINT": self.endpoint,
            "FLEET_ARTIFACTS__ACCESS_KEY_ID": self.key,
            "FLEET_ARTIFACTS__SECRET_ACCESS_KEY": self.secret,
        }

    async def new_bucket(self) -> str:
        """Make a bucket and return its name."""
        return await asyncio.to_thread(self.make_bucket)

    def make_bucket(self) -> str:
        """Make a bucket and return its name."""
        name = f"definitions-{uuid4().hex[:12]}"
        self.client().create_bucket(Bucket=name)
        return name

    def client(self) -> Any:
        """Return somebody else's client, who may do anything in it."""
        import boto3  # type: ignore[import-untyped]

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
        )


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Start it, or find the one that was named."""
    if named := os.environ.get("FLEET_TEST_S3"):
        yield S3Server(
            named, os.environ["FLEET_TEST_S3_KEY"], os.environ["FLEET_TEST_S3_SECRET"], reads_signatures=True
        )
        return
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        yield S3Server(f"http://127.0.0.1:{int(process.stdout.readline())}")
        process.terminate()
