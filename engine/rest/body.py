"""Reading a request's body: bounded, JSON, one field at a time with its type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self

from starlette.requests import Request

from zeebe_fleet.engine.rest.problems import Problem, invalid

MAX_BODY_BYTES = 4 * 1024 * 1024
"""What the gRPC gateway takes, too."""
_REQUIRED: Any = object()
_INT64 = 1 << 63


async def content(request: Request) -> bytes:
    """Read a body.

    Raises:
        Problem: 413, as soon as it is larger than what is taken.
    """
    parts: list[bytes] = []
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > MAX_BODY_BYTES:
            raise Problem(413, "Payload Too Large", f"The request exceeds the maximum size of {MAX_BODY_BYTES} bytes.")
        parts.append(part)
    return b"".join(parts)


class Body:
    """A JSON object, whose fields are read with their types.

    Each method raises `Problem` (400) for a field of another type, naming it and quoting nothing.
    """

    def __init__(self, fields: Mapping[str, Any], path: str = "") -> None:
        self._fields = fields
        self._path = path

    @classmethod
    async def of(cls, request: Request, *, optional: bool = False) -> Self:
        """Read the body of a request; an optional one may be empty.

        Raises:
            Problem: it is no JSON object, or is sent as something else.
        """
        data = await content(request)
        if optional and not data.strip():
            return cls({})
        if data and not _is_json(request.headers.get("content-type", "")):
            # A page in somebody's browser may send any other type here without being asked whether it may.
            raise Problem(415, "Unsupported Media Type", "The request's content type must be application/json.")
        try:
            fields = json.loads(data, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise Problem(400, "Bad Request", "The request's body is no JSON.") from None
        if not isinstance(fields, dict):
            raise Problem(400, "Bad Request", "The request's body is no JSON object.")
        return cls(fields)

    def text(self, name: str, default: str = _REQUIRED) -> str:
        """Return a text."""
        found: str = self._read(name, str, "a string", default)
        return found

    def number(self, name: str, default: int = _REQUIRED) -> int:
        """Return a whole number of 64 bits."""
        number: int = self._read(name, int, "an integer", default)
        if not -_INT64 <= number < _INT64:
            raise invalid(f"The value for {self._path}{name} is out of range.")
        return number

    def flag(self, name: str, default: bool = _REQUIRED) -> bool:
        """Return true or false."""
        found: bool = self._read(name, bool, "a boolean", default)
        return found

    def key(self, name: str, default: int = _REQUIRED) -> int:
        """Return a key, which is a number in a string; older clients send the number."""
        value = self._fields.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return self.number(name)
        if value is None and default is not _REQUIRED:
            return default
        return key_of(self.text(name), self._path + name)

    def document(self, name: str = "variables") -> str:
        """Return variables as JSON text; none are an empty object."""
        fields = self._read(name, dict, "an object", {})
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        # Half a surrogate pair is JSON, but no UTF-8.
        return text if text.isascii() or _is_utf8(text) else json.dumps(fields, separators=(",", ":"))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts, which may be absent."""
        values = self._read(name, list, "an array of strings", [])
        if not all(isinstance(one, str) for one in values):
            raise invalid(f"The value for {self._path}{name} must be an array of strings.")
        return tuple(values)

    def inner(self, name: str) -> Body:
        """Return an object inside, which may be absent."""
        return Body(self._read(name, dict, "an object", {}), f"{self._path}{name}.")

    def each(self, name: str) -> list[Body]:
        """Return the objects of a list, which may be absent."""
        values = self._read(name, list, "an array of objects", [])
        if not all(isinstance(one, dict) for one in values):
            raise invalid(f"The value for {self._path}{name} must be an array of objects.")
        return [Body(one, f"{self._path}{name}[{index}].") for index, one in enumerate(values)]

    def fields(self) -> Mapping[str, Any]:
        """Return all that was sent."""
        return self._fields

    def _read(self, name: str, type_: type, called: str, default: Any) -> Any:
        value = self._fields.get(name)
        if value is None:
            if default is _REQUIRED:
                raise invalid(f"No {self._path}{name} provided.")
            return default
        if not isinstance(value, type_) or (type_ is int and isinstance(value, bool)):
            raise invalid(f"The value for {self._path}{name} must be {called}.")
        return value


def key_of(text: str, name: str) -> int:
    """Read a key that was sent as text."""
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) < 20):
        raise invalid(f"The value for {name} must be a key: a number of up to 19 digits.")
    return int(text)


def path_key(request: Request) -> int:
    """Read the key in a request's path."""
    return key_of(request.path_params["key"], "the key in the path")


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_number(text: str) -> Any:
    raise ValueError(text)
