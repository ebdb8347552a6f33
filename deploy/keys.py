"""Keys to publish with: files that only their owner can read, and the lines by which a policy knows them."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import SecretStr

from zeebe_fleet.bpmn.tooling.artifact import signing
from zeebe_fleet.bpmn.tooling.artifact.rendering import rendered
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.secret_source import SecretUnreadable, file_reference, read_reference


def new_key(name: str, file: Path) -> str:
    """Write a new private key and return the lines of the policy.

    Raises:
        FleetError: there is something under that name, or it cannot be written.
    """
    private, public = signing.new_key()
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="ascii") as written:
            written.write(private)
    except FileExistsError:
        raise FleetError(f"{file} is there already.", "A key is never overwritten: take another name.") from None
    except OSError as error:
        raise FleetError(
            f"{file} cannot be written: {error.strerror}.", "Name a file in a folder that is there."
        ) from None
    return _lines(name, public)


def shown_key(name: str, file: Path) -> str:
    """Return the lines of the policy for a key that is there.

    Raises:
        FleetError: it cannot be read, or is none.
    """
    return _lines(name, signing.public_line(key_in(file).get_secret_value()))


def key_in(file: Path) -> SecretStr:
    """Return the private key of a file.

    Raises:
        FleetError: it cannot be read; of what is there, nothing is said.
    """
    try:
        return SecretStr(read_reference(file_reference(file)))
    except SecretUnreadable as error:
        raise FleetError(error.message, "Name a file with a private key, as fleet keys new makes it.") from None


def _lines(name: str, public: str) -> str:
    head = "# A line of publishers.yaml: * in may_publish stands for any letters.\n"
    return head + rendered({"publishers": [{"name": name, "key": public, "may_publish": ["*"]}]})
