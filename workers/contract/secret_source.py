"""Secrets by reference, in a file or with a vault that an app speaks to: where they are is kept, not what they are.

file:///run/secrets/kyc                  the content of a file, read again when it has changed
secret://my_app.vault:source/kyc_token   what a source answers for a name, each time it is needed
"""

from __future__ import annotations

import os
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote

import structlog

from zeebe_fleet.workers.contract.errors import InfrastructureError

log = structlog.get_logger("fleet.secrets")

_FILE, _SOURCE = "file://", "secret://"
_NAMED = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_LONGEST_BYTES = 65_536
_READ: dict[str, tuple[object, str]] = {}
"""By file: how it stood when it was read, and what it said."""


class SecretUnreadable(InfrastructureError):
    """A secret cannot be read where it is said to be; the error says where, and nothing of what is there."""


class SecretSource(Protocol):
    """Where an app has its secrets: a vault, a cloud's store. It is named in `FLEET_SECRET_SOURCE`."""

    def read(self, name: str) -> str | None:
        """Return a secret as it is now, or nothing if there is none of that name.

        It is asked whenever a secret is needed, in the middle of work: it must answer from what it has, at once, and
        look after that by itself.

        Args:
            name: of a task's credential, `kyc_token`; of a setting, `zeebe.client_secret`.
        """


def file_reference(file: Path) -> str:
    """Return the reference to a file's content."""
    return f"{_FILE}{quote(str(file.absolute()))}"


def source_reference(source: str, name: str) -> str:
    """Return the reference to what a source has under a name."""
    return f"{_SOURCE}{source}/{quote(name, safe='')}"


def is_reference(text: str) -> bool:
    """Tell whether a text says where a secret is."""
    return text.startswith((_FILE, _SOURCE))


def read_reference(reference: str) -> str:
    """Return what a reference leads to, without line breaks around it.

    A file that is just being written anew, or gone for a moment, says what it said before.

    Raises:
        SecretUnreadable: nothing can be read there.
    """
    if reference.startswith(_FILE):
        return _of_file(unquote(reference.removeprefix(_FILE)))
    source, _, name = reference.removeprefix(_SOURCE).rpartition("/")
    found = read_source(source, unquote(name))
    if found is None:
        raise SecretUnreadable(f"The source of secrets {source} has no {unquote(name)}.", "Put it there.")
    return found


def read_source(source: str, name: str) -> str | None:
    """Ask a source, named by module and attribute.

    Raises:
        SecretUnreadable: it cannot be asked, or fails.
    """
    if not _NAMED.fullmatch(source):
        raise SecretUnreadable(
            "The source of secrets is not named as one.", "Set FLEET_SECRET_SOURCE=module:attribute."
        )
    try:
        found = _source(source).read(name)
    except Exception as error:  # whatever an app's own code raises; its words may hold anything
        raise SecretUnreadable(
            f"The source of secrets {source} did not give {name} ({type(error).__name__}).",
            "FLEET_SECRET_SOURCE names an object with a method read, as module:attribute.",
        ) from None
    return None if found is None else _checked(str(found), f"What the source of secrets {source} has for {name}")


@cache
def _source(named: str) -> SecretSource:
    module, _, attribute = named.partition(":")
    found = getattr(import_module(module), attribute)
    source: SecretSource = found() if isinstance(found, type) else found
    return source


def _of_file(file: str) -> str:
    stands = _stands(file)
    known = _READ.get(file)
    if known is not None and known[0] == stands:
        return known[1]
    try:
        text = _checked(_content(file), _named(file))
    except SecretUnreadable as error:
        if known is None:
            raise
        log.warning("secret.unreadable", why=error.message, suggestion="What it said before is still used.")
        text = known[1]
    _READ[file] = (stands, text)
    return text


def _stands(file: str) -> object:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _named(file: str) -> str:
    """Return what a file is called, unless it may be the secret itself that was put there by mistake."""
    folder = Path(file).parent
    is_place = len(folder.parts) > 1 and folder.is_dir()
    return f"The file {file}" if is_place else "What is named there as a file"


def _content(file: str) -> str:
    try:
        with open(file, "rb") as opened:
            return opened.read(_LONGEST_BYTES + 1).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretUnreadable(
            f"{_named(file)} cannot be read ({type(error).__name__}).", "Name a file with the secret in UTF-8."
        ) from None


def _checked(text: str, what: str) -> str:
    stripped = text.strip("\r\n")
    if not stripped.strip() or len(text) > _LONGEST_BYTES:
        raise SecretUnreadable(
            f"{what} is empty, or too long for a secret.", "One secret is expected, of 64 KB at most."
        )
    if not all(line.isprintable() for line in stripped.replace("\t", " ").splitlines()):
        raise SecretUnreadable(f"{what} has control characters in it.", "One secret is expected, as text.")
    return stripped
