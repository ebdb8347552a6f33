"""What the demo shows: a picture on a terminal, lines elsewhere; and that Ctrl-C leaves nothing behind."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from zeebe_fleet.deploy.demo_live import LiveView
from zeebe_fleet.deploy.demo_news import News
from zeebe_fleet.deploy.demo_view import PEOPLE, LineView, View
from zeebe_fleet.deploy.publication import Deployment
from zeebe_fleet.deploy.settings import ApiSettingsSection, Settings, ZeebeSettings

WAITING = News("aaaaaaaa-1", "customer_onboarding", "RUNNING", "Review application waits for reviewers", None)
ENDED = News("bbbbbbbb-2", "hello_world", "COMPLETED", "", 0.4)
_SIZE = (110, 40)


def settings() -> Settings:
    """Those of a stack that is up."""
    return Settings().model_copy(
        update={
            "zeebe": ZeebeSettings(address="127.0.0.1:26500"),
            "api": ApiSettingsSection(port=8080, operate_url="http://127.0.0.1:8089/operate"),
        }
    )


def play(view: View) -> None:
    """Tell a view what a demo tells it."""
    with view:
        view.ready("engine", 3.7)
        view.served(settings(), Deployment(processes=[], warnings=["nobody does odd.job"]))
        view.moved([WAITING, ENDED])
        view.invite()
        view.moved([WAITING, ENDED])
        view.stopping()


@contextmanager
def live() -> Iterator[tuple[LiveView, io.StringIO]]:
    """A picture on a terminal that keeps what is written to it."""
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=_SIZE[0], height=_SIZE[1])
    yield LiveView(console, ["engine", "fleet"], Path("fleet.log")), shown


def test_picture_shows_parts_places_people_and_workflows() -> None:
    """Whoever looks at it knows what is there, where, for whom, and what moves."""
    with live() as (view, shown):
        play(view)
    text = re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]", "", shown.getvalue())
    wanted = ["3.7 s", "127.0.0.1:26500", "http://127.0.0.1:8080", WAITING.stands, "took 0.4 s", "odd.job"]
    wanted += ["fleet.log", "http://127.0.0.1:8089/operate"]
    assert [one for one in [*wanted, *(name for name, *_ in PEOPLE)] if one not in text] == []
    assert text.rstrip().endswith("Stopped; the data stays.")


def test_picture_has_no_operate_where_there_is_none() -> None:
    """What will not come is not waited for."""
    with live() as (view, shown):
        with_none = settings().model_copy(update={"api": ApiSettingsSection(port=8080)})
        view.served(with_none, Deployment(processes=[], warnings=[]))
        with view:
            pass
    assert "operate" not in shown.getvalue()


def test_lines_are_plain_and_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A log has each piece of news once, and no control characters."""
    shown = io.StringIO()
    play(LineView(Console(file=shown, width=200)))
    text = shown.getvalue()
    assert "\x1b" not in text
    assert text.count(WAITING.stands) == 1
    assert "hello_world ran to its end" in text
    assert "engine ready in 3.7 s" in capsys.readouterr().err


@pytest.mark.slow
def test_demo_on_a_terminal_stops_cleanly(tmp_path: Path) -> None:
    """The real one: a workflow runs and is shown, Ctrl-C ends it with 0, and no process of it is left."""
    state = tmp_path / "state"
    tmp_path.chmod(0o755)  # as root, the database runs as another user
    master, slave = pty.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", _SIZE[1], _SIZE[0], 0, 0))
    demo = subprocess.Popen(
        [Path(sys.executable).with_name("fleet"), "demo"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        env={**os.environ, "FLEET_STATE": str(state), "TERM": "xterm-256color"},
    )
    os.close(slave)
    seen = b""
    try:
        for wanted in (b"hello_world", b"waits for reviewers"):
            seen += _read_until(master, wanted)
        os.write(master, b"\x03")
        seen += _read_until(master, b"Stopped; the data")
        assert demo.wait(timeout=30) == 0
    finally:
        demo.kill()
        os.close(master)
    assert b"Traceback" not in seen
    assert [
        one.pid for one in psutil.process_iter(["cmdline"]) if str(state) in " ".join(one.info["cmdline"] or [])
    ] == []


def _read_until(terminal: int, wanted: bytes, timeout_s: float = 90.0) -> bytes:
    seen, end_s = b"", time.monotonic() + timeout_s
    while wanted not in seen:
        assert time.monotonic() < end_s, seen[-2000:].decode(errors="replace")
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                read = os.read(terminal, 65536)
            except OSError:  # that is how Linux says that nobody has the other end
                read = b""
            assert read, seen[-2000:].decode(errors="replace")
            seen += read
    return seen
