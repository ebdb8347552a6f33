"""The parts of a multipart form, byte for byte as they were sent.

Source: RFC 7578; RFC 2046, section 5.1
"""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser

from zeebe_fleet.engine.rest.problems import Problem

MAX_PARTS = 1_000
_headers = HeaderParser()


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form.

    Args:
        name: the field.
        filename: empty where none was sent.
    """

    name: str
    filename: str
    content: bytes


def parts(content_type: str, body: bytes) -> list[Part]:
    """Split a form.

    Raises:
        Problem: 415 for another type, 400 for what is no form, or one of too many parts.
    """
    header = Message()
    header["Content-Type"] = content_type
    if header.get_content_type() != "multipart/form-data":
        raise Problem(415, "Unsupported Media Type", "The request must be a multipart/form-data.")
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise _malformed()
    return [_part(one) for one in _split(body, b"--" + boundary.encode("latin-1", "replace"))]


def _split(body: bytes, delimiter: bytes) -> list[bytes]:
    _, *found = (b"\r\n" + body).split(b"\r\n" + delimiter, MAX_PARTS + 1)
    if len(found) > MAX_PARTS or not found or not found[-1].startswith(b"--"):
        raise _malformed()
    return found[:-1]


def _part(raw: bytes) -> Part:
    head, separator, content = raw.partition(b"\r\n\r\n")
    if not separator:
        raise _malformed()
    # Browsers and clients send file names as UTF-8, and no charset.
    headers = _headers.parsestr(head.lstrip().decode("utf-8", "replace"))
    name = headers.get_param("name", "", "content-disposition")
    return Part(name if isinstance(name, str) else "", headers.get_filename("") or "", content)


def _malformed() -> Problem:
    return Problem(400, "Bad Request", f"The request's body is no multipart form of up to {MAX_PARTS} parts.")
