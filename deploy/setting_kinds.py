"""What a setting may hold: blanks around it are nobody's wish, and most cannot hold any inside."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, SecretStr

from zeebe_fleet.deploy.secret_settings import ReferencedSecret


def trimmed(read: Any) -> Any:
    """Return what was read without line breaks around texts, at any depth.

    A file that becomes a variable ends in one, and drivers and gateways take it for a part of a name or a secret.
    """
    match read:
        case str():
            return read.strip("\r\n")
        case dict():
            return {name: trimmed(value) for name, value in read.items()}
        case list():
            return [trimmed(value) for value in read]
        case _:
            return read


def _word(text: str) -> str:
    if any(character.isspace() for character in text.strip()):
        raise ValueError("it has a blank or a line break inside")
    return _line(text)


def _line(text: str) -> str:
    if not text.strip().isprintable():
        raise ValueError("it has a line break or another control character inside")
    return text.strip()


def _secret_line(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().isprintable():
        raise ValueError("it has a line break or another control character inside")
    return secret


def _secret_lines(secret: SecretStr) -> SecretStr:
    if not isinstance(secret, ReferencedSecret):
        return _secret_line(secret)
    if not all(line.isprintable() for line in secret.get_secret_value().splitlines()):
        raise ValueError("it has a control character inside")
    return secret


Word = Annotated[str, AfterValidator(_word)]
"""An address, a name: no blanks; those around it go."""
Line = Annotated[str, AfterValidator(_line)]
"""Anything on one line; blanks around it go."""
SecretLine = Annotated[SecretStr, AfterValidator(_secret_line)]
"""A secret that is sent in a header or in a line of a protocol."""
SecretLines = Annotated[SecretStr, AfterValidator(_secret_lines)]
"""A key; kept elsewhere, it may have those below it that were before it and are still good, one a line."""
