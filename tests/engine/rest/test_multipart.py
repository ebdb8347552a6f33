"""Forms: their parts, byte for byte."""

from __future__ import annotations

import httpx
import pytest

from zeebe_fleet.engine.rest.multipart import MAX_PARTS, parts
from zeebe_fleet.engine.rest.problems import Problem


@pytest.mark.parametrize("content", [b"", b"\r\n", b"--", b"a\nb\rc\r\n\r\nd\r\n", bytes(range(256)), b"\r\n--x\r\n"])
def test_a_part_is_what_was_sent(content: bytes) -> None:
    """Whatever its bytes, as a real client writes the form."""
    request = httpx.Request("POST", "http://engine", files=[("resources", ("ä b.bpmn", content)), ("resources", b"z")])
    first, second = parts(request.headers["content-type"], request.read())
    assert (first.name, first.filename, first.content) == ("resources", "ä b.bpmn", content)
    assert second.content == b"z"


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("", b"", 415),
        ("multipart/form-data", b"--x--", 400),
        ("multipart/form-data; boundary=x", b"", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nno end", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nno headers--x--", 400),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n" * (MAX_PARTS + 1) + b"--x--", 400),
    ],
)
def test_what_is_no_form_is_refused(content_type: str, body: bytes, status: int) -> None:
    """By the status that says why."""
    with pytest.raises(Problem) as caught:
        parts(content_type, body)
    assert caught.value.status == status
