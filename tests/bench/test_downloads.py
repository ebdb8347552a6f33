"""Downloads against a real HTTP server that cuts, lies, and knows or does not know ranges."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.artifacts import Artifact
from bench.downloads import CutDownload, Downloads, NoNetwork, WrongHash
from zeebe_fleet.deploy.local.cache import Cache
from zeebe_fleet.deploy.local.errors import DiskFull
from zeebe_fleet.deploy.local.report import SilentReport

CONTENT = os.urandom(3 * 1024 * 1024)
ARTIFACT = Artifact("org.example", "thing", "1.0", "tar.gz", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


@dataclass
class Repository:
    """A server for one content, and what was asked of it."""

    base: str = ""
    content: bytes = CONTENT
    cut_after: int | None = None
    cuts: int = 10**6
    ranges: bool = True
    asked: list[str | None] = field(default_factory=list)


def handler_of(repository: Repository) -> type[BaseHTTPRequestHandler]:
    """The handler class that serves this repository."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            repository.asked.append(wanted)
            begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and repository.ranges else 0
            body = repository.content[begin:]
            self.send_response(206 if begin else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if repository.cut_after is not None and repository.cuts > 0:
                repository.cuts -= 1
                body = body[: repository.cut_after]
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def repository() -> Iterator[Repository]:
    """A running repository."""
    repository = Repository()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(repository))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    repository.base = f"http://127.0.0.1:{server.server_address[1]}"
    yield repository
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache."""
    return Cache(tmp_path / "cache")


def downloads(cache: Cache, base: str, check: Callable[[], None] = lambda: None) -> Downloads:
    """Downloads that say nothing."""
    return Downloads(cache, SilentReport(), check, base)


def part_of(cache: Cache) -> Path:
    """Where an unfinished download lies."""
    return cache.root / "downloads" / f"{ARTIFACT.file_name}.part"


def test_download_fetches_by_coordinates_and_needs_no_network_again(repository: Repository, cache: Cache) -> None:
    """What is in the cache is not asked for again."""
    first = downloads(cache, repository.base).fetch(ARTIFACT)
    second = downloads(cache, "http://127.0.0.1:1").fetch(ARTIFACT)
    assert first == second
    assert first.read_bytes() == CONTENT
    assert len(repository.asked) == 1
    assert not part_of(cache).exists()


def test_download_continues_after_a_cut(repository: Repository, cache: Cache) -> None:
    """A broken connection is continued by range within one call."""
    repository.cut_after, repository.cuts = 1024 * 1024, 1
    assert downloads(cache, repository.base).fetch(ARTIFACT).read_bytes() == CONTENT
    assert repository.asked[0] is None
    assert repository.asked[1] == "bytes=1048576-"


def test_download_that_keeps_breaking_keeps_what_arrived(repository: Repository, cache: Cache) -> None:
    """The error says so, and the next call continues instead of beginning again."""
    repository.cut_after = 100_000
    with pytest.raises(CutDownload, match="are kept") as caught:
        downloads(cache, repository.base).fetch(ARTIFACT)
    assert "again" in caught.value.suggestion
    kept = part_of(cache).stat().st_size
    assert kept == 400_000
    repository.cut_after = None
    assert downloads(cache, repository.base).fetch(ARTIFACT).read_bytes() == CONTENT
    assert repository.asked[-1] == f"bytes={kept}-"


def test_download_begins_again_where_ranges_are_unknown(repository: Repository, cache: Cache) -> None:
    """A server that answers everything to a range request does not corrupt the file."""
    repository.ranges, repository.cut_after, repository.cuts = False, 500_000, 1
    assert downloads(cache, repository.base).fetch(ARTIFACT).read_bytes() == CONTENT


def test_download_with_wrong_hash_is_thrown_away(repository: Repository, cache: Cache) -> None:
    """Altered content never gets the final name, and does not spoil the next attempt."""
    repository.content = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with pytest.raises(WrongHash, match=ARTIFACT.sha256):
        downloads(cache, repository.base).fetch(ARTIFACT)
    assert list((cache.root / "downloads").iterdir()) == []
    repository.content = CONTENT
    assert downloads(cache, repository.base).fetch(ARTIFACT).read_bytes() == CONTENT


@pytest.mark.parametrize("content", [CONTENT + os.urandom(5_000_000), CONTENT[:-1]], ids=["longer", "shorter"])
def test_download_of_another_size_is_thrown_away(repository: Repository, cache: Cache, content: bytes) -> None:
    """A whole answer of the wrong length is not asked for again and again."""
    repository.content = content
    with pytest.raises(WrongHash):
        downloads(cache, repository.base).fetch(ARTIFACT)


def test_download_without_network_names_the_way_out(cache: Cache, unused_tcp_port: int) -> None:
    """A refused connection is told as such, with what can be done."""
    with pytest.raises(NoNetwork, match="cannot be reached") as caught:
        downloads(cache, f"http://127.0.0.1:{unused_tcp_port}").fetch(ARTIFACT)
    assert "FLEET_CACHE" in caught.value.suggestion


def test_download_that_cannot_fit_is_not_begun(repository: Repository, cache: Cache) -> None:
    """Room for the file is checked first."""
    with pytest.raises(DiskFull, match="only"):
        downloads(cache, repository.base).fetch(replace(ARTIFACT, size_bytes=10**16))
    assert repository.asked == []


def test_download_on_a_disk_that_fills_up_is_told(repository: Repository, cache: Cache) -> None:
    """The system's own "no space left" becomes an error with a way out."""
    part_of(cache).parent.mkdir(parents=True)
    part_of(cache).symlink_to("/dev/full")
    with pytest.raises(DiskFull, match="is full"):
        downloads(cache, repository.base).fetch(ARTIFACT)


def test_download_stopped_by_the_user_can_be_continued(repository: Repository, cache: Cache) -> None:
    """Ctrl-C between two chunks leaves a part that the next call goes on from."""
    looks = 0

    def check() -> None:
        nonlocal looks
        looks += 1
        if looks == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        downloads(cache, repository.base, check).fetch(ARTIFACT)
    assert 0 < part_of(cache).stat().st_size < len(CONTENT)
    assert downloads(cache, repository.base).fetch(ARTIFACT).read_bytes() == CONTENT
    assert repository.asked[-1] is not None


def test_downloads_of_two_checkouts_fetch_once(repository: Repository, cache: Cache) -> None:
    """Whoever comes second waits for the first and finds the file."""
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda _: downloads(cache, repository.base).fetch(ARTIFACT), range(2)))
    assert found[0] == found[1]
    assert len(repository.asked) == 1


def test_downloads_of_several_files_stop_at_the_first_failure(repository: Repository, cache: Cache) -> None:
    """One wrong file is an error for all; what was good is there for the next time."""
    wrong = replace(ARTIFACT, name="other", sha256="0" * 64)
    with pytest.raises(WrongHash, match="other"):
        downloads(cache, repository.base).fetch_all([ARTIFACT, wrong])
    good = replace(ARTIFACT, name="third")
    assert [path.name for path in downloads(cache, repository.base).fetch_all([ARTIFACT, good])] == [
        "thing-1.0.tar.gz",
        "third-1.0.tar.gz",
    ]
