"""Pinned files, fetched: resumed after a cut, checked by hash, given their name only when complete."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

import httpx

from bench.artifacts import Artifact
from zeebe_fleet.deploy.local.cache import Cache, require_space, translate_full
from zeebe_fleet.deploy.local.errors import LocalStackError
from zeebe_fleet.deploy.local.report import Advance, Report

#: Times a broken connection is continued before giving up.
ATTEMPTS = 4
# A connection that brought this much before it broke was worth continuing: the attempts begin anew.
_PROGRESS_BYTES = 4 * 1024**2
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_PARALLEL = 4


class DownloadError(LocalStackError):
    """A pinned file could not be fetched."""


class NoNetwork(DownloadError):
    """The repository cannot be reached."""


class CutDownload(DownloadError):
    """The connection broke again and again; what arrived is kept and continued next time."""


class WrongHash(DownloadError):
    """What arrived is not what is pinned; it was thrown away."""


def repository() -> str:
    """Address of the Maven repository: `BENCH_MAVEN_REPOSITORY`, or the one that jgo knows."""
    configured = os.environ.get("BENCH_MAVEN_REPOSITORY")
    if configured:
        return configured.rstrip("/")
    from jgo.maven import MavenContext  # slow to import, needed only for a download

    return str(next(iter(MavenContext().remote_repos.values()))).rstrip("/")


class Downloads:
    """Fetches pinned files into the cache.

    Args:
        check: called between chunks; whatever it raises stops the download, which can be continued.
        base: repository address, for a mirror or a test.
    """

    def __init__(self, cache: Cache, report: Report, check: Callable[[], None], base: str | None = None) -> None:
        self._cache = cache
        self._report = report
        self._check = check
        self._base = base

    def fetch_all(self, artifacts: Sequence[Artifact]) -> list[Path]:
        """Fetch several at once; the first failure stops the others, which keep what they have.

        Raises:
            NoNetwork: the repository cannot be reached.
            CutDownload: the connection kept breaking.
            WrongHash: the content is not the pinned one.
            DiskFull: there is no room.
        """
        stopped = False

        def check() -> None:
            self._check()
            if stopped:
                raise CutDownload("Another download failed.")

        with ThreadPoolExecutor(_PARALLEL) as pool:
            futures = [pool.submit(self._fetch, artifact, check) for artifact in artifacts]
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            stopped = True
            for future in done:
                future.result()
            return [future.result() for future in futures]

    def fetch(self, artifact: Artifact) -> Path:
        """Fetch one; see `fetch_all`."""
        return self._fetch(artifact, self._check)

    def _fetch(self, artifact: Artifact, check: Callable[[], None]) -> Path:
        final = self._cache.root / "downloads" / artifact.file_name
        with self._cache.lock(f"download-{artifact.file_name}", check):
            if final.exists():
                return final
            part = final.with_name(final.name + ".part")
            with translate_full(self._cache.root):
                part.parent.mkdir(parents=True, exist_ok=True)
                _make_room(part, artifact)
                with self._report.transfer(artifact.file_name, artifact.size_bytes) as advance:
                    self._receive(artifact, part, advance, check)
                _verify(artifact, part)
                os.replace(part, final)
        return final

    def _receive(self, artifact: Artifact, part: Path, advance: Advance, check: Callable[[], None]) -> None:
        url = f"{self._base or repository()}/{artifact.path}"
        failures = 0
        while _size(part) < artifact.size_bytes:
            before_bytes = _size(part)
            try:
                _continue(url, artifact, part, advance, check)
            except httpx.TransportError as error:
                failures = 1 if _size(part) - before_bytes >= _PROGRESS_BYTES else failures + 1
                if failures == ATTEMPTS:
                    raise _given_up(artifact, part, url, error) from error
            else:
                return  # a whole answer: if it is not what is pinned, asking again changes nothing
            _pause(0.2 * 2**failures, check)


def _continue(url: str, artifact: Artifact, part: Path, advance: Advance, check: Callable[[], None]) -> None:
    have_bytes = _size(part)
    headers = {"Range": f"bytes={have_bytes}-"} if have_bytes else {}
    headers["Accept-Encoding"] = "identity"
    with httpx.stream("GET", url, headers=headers, timeout=_TIMEOUT, follow_redirects=True) as response:
        _accept(response, artifact)
        # A server that does not know Range answers 200 with everything: begin again.
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        have_bytes = have_bytes if resumed else 0
        with part.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_raw():
                check()
                file.write(chunk)
                have_bytes += len(chunk)
                advance(have_bytes)
                if have_bytes > artifact.size_bytes:
                    return


def _accept(response: httpx.Response, artifact: Artifact) -> None:
    if response.status_code in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        return
    if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise httpx.RemoteProtocolError(f"HTTP {response.status_code}")
    raise DownloadError(
        f"{artifact.file_name}: the repository answered {response.status_code} for {response.url}.",
        "Check BENCH_MAVEN_REPOSITORY and whether a proxy stands in between.",
    )


def _verify(artifact: Artifact, part: Path) -> None:
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found == artifact.sha256 and _size(part) == artifact.size_bytes:
        return
    size_bytes = _size(part)
    part.unlink()
    raise WrongHash(
        f"{artifact.file_name}: what arrived is not the pinned file (SHA-256 {found}, {size_bytes} bytes; "
        f"expected {artifact.sha256}, {artifact.size_bytes} bytes). It was thrown away.",
        "Run the command again; if it happens again, a proxy or mirror alters the download.",
    )


def _make_room(part: Path, artifact: Artifact) -> None:
    missing_bytes = max(0, artifact.size_bytes - _size(part))
    require_space(part.parent, missing_bytes, f"Fetching {artifact.file_name}")


def _given_up(artifact: Artifact, part: Path, url: str, error: httpx.TransportError) -> DownloadError:
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return NoNetwork(
            f"{artifact.file_name} is not in the cache and {httpx.URL(url).host} cannot be reached.",
            "The first run needs the network once (or a filled FLEET_CACHE, or a mirror in "
            "BENCH_MAVEN_REPOSITORY); later runs need none.",
        )
    return CutDownload(
        f"{artifact.file_name}: the connection broke {ATTEMPTS} times; "
        f"{_size(part)} of {artifact.size_bytes} bytes arrived and are kept.",
        "Run the same command again: it continues where it stopped.",
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _pause(pause_s: float, check: Callable[[], None]) -> None:
    end_s = time.monotonic() + pause_s
    while time.monotonic() < end_s:
        check()
        time.sleep(0.02)
