"""An archive turned into a directory of the cache."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from zeebe_fleet.deploy.local.errors import DownloadError
from zeebe_fleet.deploy.local.report import Advance


def unpack(archive: Path, target: Path, advance: Advance, check: Callable[[], None]) -> None:
    """Unpack a tar below `target`, without the one folder that everything in it lies in.

    Raises:
        DownloadError: the archive is damaged, or a member is not a plain file or folder inside it.
    """
    try:
        with archive.open("rb") as raw, tarfile.open(fileobj=raw, mode="r|*") as tar:
            for member in tar:
                check()
                _place(tar, member, target)
                advance(raw.tell())
    except (tarfile.TarError, EOFError) as error:
        raise DownloadError(f"{archive.name} is not a readable archive: {error}.") from error


def _place(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    parts = PurePosixPath(member.name).parts
    plain = member.isfile() or member.isdir()
    if not plain or ".." in parts or PurePosixPath(member.name).is_absolute():
        raise DownloadError(
            f"The archive member {member.name!r} is not a plain file or folder inside the archive.",
            "Nothing was unpacked; check where the file came from.",
        )
    if len(parts) < 2:
        return
    place = target.joinpath(*parts[1:])
    if member.isdir():
        place.mkdir(parents=True, exist_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    assert source is not None
    with source, place.open("wb") as file:
        while chunk := source.read(1024 * 1024):
            file.write(chunk)
    place.chmod(0o755 if member.mode & 0o100 else 0o644)
