"""What every store of published definitions does: a folder, and a bucket over a socket."""

from __future__ import annotations

import asyncio
import os
import ssl
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.s3_proxy import S3Proxy, s3_proxy
from tests.s3_server import S3Server
from zeebe_fleet.adapters.artifacts import S3Access, store_of
from zeebe_fleet.workers.contract.artifacts import (
    MAX_BYTES,
    ArtifactExists,
    ArtifactMissing,
    ArtifactStore,
    StoreAway,
    StoreUnfit,
)
from zeebe_fleet.workers.contract.errors import DefinitionError, FleetError

NAME = "expense_approval_v1.2.0.yaml"


@pytest.fixture(params=["folder", "s3", "s3 below a prefix"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    """Each kind of store, empty."""
    if request.param == "folder":
        return store_of(str(tmp_path / "published"), S3Access())
    server: S3Server = request.getfixturevalue("s3")
    prefix = "/teams/one" if "prefix" in request.param else ""
    return store_of(f"s3://{await server.new_bucket()}{prefix}", server.access())


@pytest.fixture
async def proxy(s3: S3Server) -> AsyncIterator[S3Proxy]:
    """Something between client and server."""
    async with s3_proxy(s3.endpoint) as standing:
        yield standing


@pytest.fixture
async def bucket(s3: S3Server) -> str:
    """The address of an empty bucket."""
    return f"s3://{await s3.new_bucket()}"


async def test_artifact_is_created_once_and_read_as_it_was(store: ArtifactStore) -> None:
    """What was created is read byte by byte; the same again is no news."""
    content = "größe: \u2028\r\n\ttext\n".encode() * 1000
    assert await store.create(NAME, content)
    assert not await store.create(NAME, content)
    assert await store.fetch(NAME) == content


async def test_artifact_is_never_overwritten(store: ArtifactStore) -> None:
    """Other bytes under the same name are refused, and what is there stays."""
    await store.create(NAME, b"one")
    with pytest.raises(ArtifactExists, match=r"expense_approval_v1\.2\.0\.yaml is published already"):
        await store.create(NAME, b"two")
    assert await store.fetch(NAME) == b"one"


async def test_two_publishers_at_once_leave_one(store: ArtifactStore) -> None:
    """Of many who create the same name with other bytes, exactly one wins, and its bytes are whole."""
    contents = [bytes([65 + number]) * 200_000 for number in range(8)]
    ended = await asyncio.gather(*(store.create(NAME, one) for one in contents), return_exceptions=True)
    won = [content for content, end in zip(contents, ended, strict=True) if end is True]
    assert [type(end) for end in ended if end is not True] == [ArtifactExists] * 7
    assert [await store.fetch(NAME)] == won


async def test_listing_has_artifacts_in_the_order_of_their_versions(store: ArtifactStore) -> None:
    """1.10.0 comes after 1.9.0; what is not called like an artifact is left out, the probe too."""
    assert await store.listing() == []
    await store.check()
    for version in ("1.10.0", "1.9.0", "0.1.0"):
        await store.create(f"refund_v{version}.yaml", version.encode())
    await store.create("größe-2_v1.0.0.yaml", b"x")
    listed = await store.listing()
    assert [(one.name, one.version) for one in listed] == [
        ("größe-2", "1.0.0"),
        ("refund", "0.1.0"),
        ("refund", "1.9.0"),
        ("refund", "1.10.0"),
    ]
    assert [one.size_bytes for one in listed] == [1, 5, 5, 6]
    assert all(one.at and abs(datetime.now(UTC) - one.at) < timedelta(minutes=5) for one in listed)
    assert await store.fetch("größe-2_v1.0.0.yaml") == b"x"


async def test_what_is_not_published_is_missing(store: ArtifactStore) -> None:
    """Neither an empty store nor one that has other versions gives anything else instead."""
    await store.create(NAME, b"one")
    with pytest.raises(ArtifactMissing, match=r"has no expense_approval_v1\.2\.1\.yaml"):
        await store.fetch("expense_approval_v1.2.1.yaml")


@pytest.mark.parametrize(
    "name",
    [
        "../expense_approval_v1.2.0.yaml",
        "a/b_v1.0.0.yaml",
        "/etc/passwd",
        "..\\a_v1.0.0.yaml",
        "a..b_v1.0.0.yaml",
        "a_v1.0.yaml",
        "a_v01.0.0.yaml",
        "a_v1.0.0.yaml\n",
        "a\x00_v1.0.0.yaml",
        ".hidden_v1.0.0.yaml",
        "a_v1.0.0.yml",
        "",
        f"{'a' * 300}_v1.0.0.yaml",
    ],
)
async def test_name_that_is_none_of_an_artifact_is_refused(store: ArtifactStore, name: str) -> None:
    """A path, a version that is none, and anything else: neither written nor read."""
    with pytest.raises(DefinitionError, match="is no name of an artifact"):
        await store.create(name, b"x")
    with pytest.raises(DefinitionError, match="is no name of an artifact"):
        await store.fetch(name)
    assert await store.listing() == []


async def test_artifact_too_large_is_refused(store: ArtifactStore) -> None:
    """Before anything of it is sent."""
    with pytest.raises(DefinitionError, match="larger than"):
        await store.create(NAME, bytes(MAX_BYTES + 1))
    assert await store.listing() == []


async def test_store_that_creates_once_passes_its_check(store: ArtifactStore) -> None:
    """As often as it is looked at."""
    await store.check()
    await store.check()


async def test_server_that_ignores_the_condition_is_refused_by_name(proxy: S3Proxy, s3: S3Server, bucket: str) -> None:
    """It took the same name twice: the check says so, whether the probe was there before or not."""
    if s3.reads_signatures:
        pytest.skip("The condition is signed: this server is told nothing else on the way.")
    proxy.forgets_conditions = True
    store = store_of(bucket, s3.access(proxy.endpoint))
    for _ in range(2):
        with pytest.raises(StoreUnfit, match=f"{bucket} overwrites.*If-None-Match"):
            await store.check()


async def test_request_cut_half_way_leaves_nothing_or_all(proxy: S3Proxy, s3: S3Server, bucket: str) -> None:
    """A connection that breaks in the middle of an artifact is tried again; the artifact is whole."""
    store = store_of(bucket, s3.access(proxy.endpoint))
    content = b"whole " * 50_000
    proxy.cuts_requests = 1
    assert await store.create(NAME, content)
    assert await store.fetch(NAME) == content


async def test_store_that_dies_half_way_has_no_half(proxy: S3Proxy, s3: S3Server, bucket: str) -> None:
    """When it stays away, publishing says so, and nobody finds half an artifact afterwards."""
    proxy.cuts_requests = 1_000
    store = store_of(bucket, s3.access(proxy.endpoint))
    with pytest.raises(StoreAway, match=f"{bucket} does not answer"):
        await store.create(NAME, b"whole " * 50_000)
    assert await store_of(bucket, s3.access()).listing() == []


async def test_answer_that_got_lost_is_found_out(proxy: S3Proxy, s3: S3Server, bucket: str) -> None:
    """The artifact was created, and nobody heard: asking again finds the same bytes, and no conflict."""
    proxy.loses_answers = 1
    store = store_of(bucket, s3.access(proxy.endpoint))
    await store.create(NAME, b"whole")
    assert len(proxy.puts) == 2
    assert await store.fetch(NAME) == b"whole"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("RequestTimeTooSkewed", "clock.*RequestTimeTooSkewed.*Set the clock"),
        ("SignatureDoesNotMatch", "credentials.*FLEET_ARTIFACTS__SECRET_ACCESS_KEY_FILE"),
        ("AccessDenied", "does not allow this.*s3:PutObject"),
        ("PermanentRedirect", "another region.*FLEET_ARTIFACTS__REGION"),
    ],
)
async def test_refusal_of_the_server_says_what_to_set_right(
    proxy: S3Proxy, s3: S3Server, bucket: str, code: str, said: str
) -> None:
    """A wrong clock, key, right or region is told as that, and no secret with it."""
    proxy.refuses_as = code
    store = store_of(bucket, s3.access(proxy.endpoint))
    for asked in (store.check, store.listing, lambda: store.create(NAME, b"x"), lambda: store.fetch(NAME)):
        with pytest.raises(StoreUnfit, match=said):
            await asked()


async def test_bucket_that_is_missing_is_told(s3: S3Server) -> None:
    """Not as an artifact that is missing."""
    store = store_of("s3://nowhere-at-all", s3.access())
    for asked in (store.check, store.listing, lambda: store.fetch(NAME)):
        with pytest.raises(StoreUnfit, match="no such bucket"):
            await asked()


async def test_store_that_is_not_there_is_away_soon(s3: S3Server, tmp_path: Path) -> None:
    """Neither a port where nobody listens nor a folder below one that is missing is waited for."""
    async with asyncio.timeout(20):
        for address, access in (("s3://bucket", s3.access("http://127.0.0.1:9")), (str(tmp_path / "a/b"), S3Access())):
            store = store_of(address, access)
            for asked in (store.listing, store.check, lambda store=store: store.fetch(NAME)):
                with pytest.raises(StoreAway):
                    await asked()


async def test_certificate_is_trusted_by_its_authority(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    """One that is not known is told as that; with the authority's file, the store is used."""
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    async with s3_proxy(s3.endpoint, tls) as proxy:
        access = s3.access(proxy.endpoint)
        with pytest.raises(StoreUnfit, match=r"certificate.*FLEET_ARTIFACTS__CA_FILE"):
            await store_of(bucket, access).listing()
        assert await store_of(bucket, replace(access, ca_file=tmp_path / "ca.pem")).listing() == []


async def test_bucket_without_credentials_is_told(s3: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not as a server that is away."""
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    with pytest.raises(StoreUnfit, match=r"no credentials.*FLEET_ARTIFACTS__ACCESS_KEY_ID"):
        await store_of(bucket, S3Access(s3.endpoint)).listing()


@pytest.mark.parametrize(
    "endpoint",
    ["garbage", "localhost:9000", "ftp://x", "http://", "http://a:b@c", "http://a:999999", "http://a b", "https://a?b"],
)
def test_endpoint_that_is_none_is_refused(endpoint: str) -> None:
    """Before anything is asked, and without what may be a password."""
    with pytest.raises(FleetError, match="is no address of an S3 server") as refused:
        store_of("s3://bucket", S3Access(endpoint))
    assert "a:b" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "s3://",
        "s3://b",
        "s3://a b/c",
        "s3://key:secret@bucket/x",
        "s3://bucket//x",
        "s3://bucket/a%2fb",
        "s3:///prefix",
        "s3://bucket/../x",
        "http://bucket",
        "file:///tmp",
    ],
)
async def test_address_that_is_no_store_is_refused(address: str) -> None:
    """Anything but a path and s3://…, and without what may be a password."""
    with pytest.raises(FleetError, match="is no store of definitions") as refused:
        store_of(address, S3Access())
    assert "secret" not in str(refused.value)


async def test_folder_holds_whole_files_that_nobody_changes(tmp_path: Path) -> None:
    """They are read-only, nothing else is left behind, and what a dead publisher left is no artifact."""
    store = store_of(str(tmp_path), S3Access())
    (tmp_path / ".0123456789abcdef.part").write_bytes(b"half")
    await store.create(NAME, b"whole")
    assert [one.file for one in await store.listing()] == [NAME]
    assert sorted(os.listdir(tmp_path)) == [".0123456789abcdef.part", NAME]
    assert not stat.S_IMODE((tmp_path / NAME).stat().st_mode) & 0o222


async def test_folder_follows_no_links_and_reads_no_pipes(tmp_path: Path) -> None:
    """A name that leads elsewhere is neither read nor written through, and a pipe makes nobody wait."""
    elsewhere = tmp_path / "secret"
    elsewhere.write_bytes(b"secret")
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / NAME).symlink_to(elsewhere)
    os.mkfifo(folder / "pipe_v1.0.0.yaml")
    store = store_of(str(folder), S3Access())
    for asked in (store.fetch(NAME), store.create(NAME, b"x"), store.fetch("pipe_v1.0.0.yaml")):
        with pytest.raises(StoreAway):
            await asked
    assert elsewhere.read_bytes() == b"secret"
    assert await store.listing() == []
