"""Programs with clients that nobody here wrote: each is fetched by its lock, run, and asked how every case went."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.java.build import CLIENT, java
from zeebe_fleet.deploy.local.cache import Cache
from zeebe_fleet.deploy.node import node, npm, run_node
from zeebe_fleet.workers.contract.errors import FleetError

HERE = Path(__file__).parent
_DEADLINE_S = 120.0
_FETCH_S = 300.0


class NotFetched(Exception):
    """A client cannot be had on this machine, or not now."""


@dataclass
class Verdict:
    """What a program said.

    Args:
        client: its name and version.
        works: the cases that went as they should.
        breaks: those that did not, with the client's words.
    """

    client: str = ""
    works: list[str] = field(default_factory=list)
    breaks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """How a client is fetched and run.

    Args:
        language: what it is written in.
        command: fetches what is needed, and returns the command line without its arguments, its folder, and what is
            added to the environment.
    """

    language: str
    command: Callable[[], tuple[list[str], Path, dict[str, str]]]

    async def judge(self, rest: str, grpc: str) -> Verdict:
        """Run it against an engine.

        Raises:
            NotFetched: there is no such client.
        """
        command, folder, more = await asyncio.to_thread(self.command)
        run = await asyncio.create_subprocess_exec(
            *command, rest, str(HERE), grpc, cwd=folder, env={**os.environ, **more}, stdout=subprocess.PIPE
        )
        try:
            said, _ = await asyncio.wait_for(run.communicate(), _DEADLINE_S)
        finally:
            if run.returncode is None:
                run.kill()
                await run.wait()
        return _read(said.decode())


def _read(said: str) -> Verdict:
    verdict = Verdict()
    for line in said.splitlines():
        word, _, rest = line.partition(" ")
        case, _, why = rest.partition(" ")
        if word == "client":
            verdict.client = rest
        elif word == "works":
            verdict.works.append(case)
        elif word == "breaks":
            verdict.breaks[case] = why
    return verdict


def _python(script: str) -> tuple[list[str], Path, dict[str, str]]:
    lock = HERE / "requirements.txt"
    install = ["-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", str(lock), "--target"]
    folder = _kept("python", [lock], lambda folder: _run([sys.executable, *install, str(folder)]))
    return [sys.executable, str(HERE / script)], HERE, {"PYTHONPATH": str(folder)}


def _node(script: str) -> tuple[list[str], Path, dict[str, str]]:
    locks = [HERE / name for name in ("package.json", "package-lock.json", ".npmrc")]

    def fetch(folder: Path) -> None:
        for one in locks:
            shutil.copy(one, folder)
        run_node([*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)

    folder = _kept("node", locks, fetch)
    for one in HERE.glob("*.mjs"):  # Node looks for packages where a program lies
        shutil.copy(one, folder)
    return [str(node()), script], folder, {}


def _java() -> tuple[list[str], Path, dict[str, str]]:
    try:
        return java(CLIENT, HERE / "java").command("JavaClient"), HERE, {}
    except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
        raise NotFetched(f"The client in Java cannot be fetched: {error}") from error


def _kept(kind: str, made_of: list[Path], fetch: Callable[[Path], None]) -> Path:
    """Return a folder of the cache, fetched when it is not there yet."""
    digest = hashlib.sha256(b"".join(one.read_bytes() for one in made_of)).hexdigest()[:20]
    cache, name = Cache(), f"judges-{kind}-{digest}"
    with cache.lock(name, lambda: None):
        if not (cache.root / name).is_dir():
            try:
                with cache.build(name) as folder:
                    fetch(folder)
            except (FleetError, OSError, subprocess.SubprocessError) as error:
                raise NotFetched(f"The clients in {kind} cannot be fetched: {str(error).splitlines()[0]}") from error
    return cache.root / name


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, timeout=_FETCH_S)


PROGRAMS = {
    "camunda-orchestration-sdk": Program("Python", lambda: _python("orchestration_sdk.py")),
    "@camunda8/orchestration-cluster-api": Program("TypeScript", lambda: _node("orchestration_cluster_api.mjs")),
    "@camunda8/sdk": Program("JavaScript", lambda: _node("camunda8_sdk.mjs")),
    "camunda-client-java": Program("Java", _java),
}
"""By the names under which their registries have them."""
