"""Settings that are secret, by value or by reference: `<SETTING>_FILE` names a file; a source is asked for the rest."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, SecretStr

from zeebe_fleet.workers.contract.secret_source import (
    SecretUnreadable,
    file_reference,
    read_reference,
    read_source,
    source_reference,
)

FILE = "_file"
Read = dict[str, Any]


class ReferencedSecret(SecretStr):
    """A secret that is read where it is each time it is needed; it knows where that is, and no more."""

    def __init__(self, reference: str, setting: str) -> None:
        super().__init__(reference)
        self.setting = setting

    def get_secret_value(self) -> str:
        """Return the secret as it is now.

        Raises:
            SecretUnreadable: it was never there.
        """
        return read_reference(super().get_secret_value())


def referenced(model: type[BaseModel], read: Mapping[str, Any], source: str) -> Read:
    """Return settings as they were read, with a reference in the place of each secret that is elsewhere.

    Args:
        source: where what is set neither way is asked for; may be empty.

    Raises:
        ValueError: a secret is said in two ways, or cannot be read; it names the variable, and the file.
    """
    return _of(model, read, source, ())


def _of(model: type[BaseModel], read: Mapping[str, Any], source: str, path: tuple[str, ...]) -> Read:
    found: Read = dict(read)
    for name, field in model.model_fields.items():
        inner: Any = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            given = found.get(name, {})
            if isinstance(given, Mapping) and (nested := _of(inner, given, source, (*path, name))):
                found[name] = nested
        elif inner is SecretStr:
            _refer(found, name, (*path, name), source)
    return found


def named_secrets(read: Any) -> Any:
    """Return credentials of tasks by name, those whose names end in `_file` read from there."""
    if not isinstance(read, Mapping):
        return read
    found: Read = dict(read)
    for name in [name for name in found if name.endswith(FILE)]:
        _refer(found, name.removesuffix(FILE), ("secrets", name.removesuffix(FILE)), "")
    return found


def database_address(read: Mapping[str, Any], source: str) -> Read:
    """Return what is said of the database as one address, which says where password and address are, if elsewhere."""
    found: Read = dict(read)
    _refer(found, "database_url", ("database_url",), source)
    _refer(found, "database_password", ("database_password",), source)
    address = found.get("database_url")
    password = found.get("database_password")
    said = SecretStr.get_secret_value(address) if isinstance(address, ReferencedSecret) else address
    if said and password:
        by = "passwordat" if isinstance(password, ReferencedSecret) else "password"
        text = SecretStr.get_secret_value(password) if isinstance(password, SecretStr) else str(password)
        said = f"{said}{'&' if '?' in said else '?'}{by}={quote(text, safe='')}"
    return {**found, "database_url": said} if said else found


def _refer(found: Read, name: str, path: tuple[str, ...], source: str) -> None:
    """Put the reference to a secret in its place, if it is elsewhere."""
    variable = f"FLEET_{'__'.join(path)}".upper()
    file, is_said = found.pop(f"{name}{FILE}", None), found.get(name) not in (None, "")
    if file and is_said:
        raise ValueError(f"{variable} and {variable}_FILE are both set; one is enough")
    try:
        if file:
            reference = file_reference(Path(str(file)))
            read_reference(reference)
        elif not is_said and source and read_source(source, ".".join(path)) is not None:
            reference = source_reference(source, ".".join(path))
        else:
            return
    except SecretUnreadable as error:
        # a bare word may be the secret itself, put into the wrong variable
        why = error.message.rstrip(".") if not file or os.sep in str(file) else "it names no file with a secret"
        raise ValueError(f"{variable}{'_FILE' if file else ''}: {why}") from None
    found[name] = ReferencedSecret(reference, variable)


class TaskSecrets(Mapping[str, str]):
    """Credentials of tasks, each as it is when it is asked for; what is not set, the source is asked for."""

    def __init__(self, given: Mapping[str, SecretStr], source: str) -> None:
        self._given = given
        self._source = source
        self._asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        if name in self._given:
            return self._given[name].get_secret_value()
        found = read_source(self._source, name) if self._source else None
        if found is None:
            raise KeyError(name)
        self._asked.add(name)
        return found

    def __iter__(self) -> Iterator[str]:
        yield from self._given
        yield from self._asked

    def __len__(self) -> int:
        return len(self._given) + len(self._asked)
