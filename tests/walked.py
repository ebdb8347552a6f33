"""A page of the docs, walked through as a user does: its files written, its commands typed, what they say compared."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server

_BLOCK = re.compile(r'^```(\w*)(?: title="([^"]+)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)
_ANSWERED = re.compile(r"^::answered (\d+)$")
_READY = "Ctrl-C stops everything"
_PORT = "8080"


class Walk:
    """One shell, in which commands are typed one after the other."""

    def __init__(self, folder: Path, port: int) -> None:
        self._port = str(port)
        self._folder = folder
        self._shell = subprocess.Popen(
            ["bash"],
            cwd=folder,
            env=_environment(port),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._serving: subprocess.Popen[str] | None = None

    def follow(self, page: Path) -> None:
        """Do everything that a page says, in its order."""
        for language, title, text in _BLOCK.findall(page.read_text("utf-8")):
            if title:
                (self._here() / title).write_text(text, "utf-8")
            elif language == "sh" and "fleet up" in text:
                self._serve(text.strip())
            elif language == "sh":
                self._type(text)
            elif language == "console":
                for command, expected in _typed(text):
                    said = self._type(command)
                    assert _like(expected).fullmatch(said), f"$ {command}\n{said}\nand not\n{expected}"

    def close(self) -> None:
        """Stop what was started."""
        if self._serving is not None:
            self._serving.send_signal(signal.SIGINT)
            self._serving.communicate(timeout=60)
        self._shell.communicate("exit\n", timeout=60)

    def _type(self, command: str) -> str:
        """Type something and return what is said; it has to go well."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        text = command.replace(_PORT, self._port)
        self._shell.stdin.write(f"{text.rstrip()}\nprintf '\\n::answered %s\\n' $?\n")
        self._shell.stdin.flush()
        said = ""
        for line in self._shell.stdout:
            if answered := _ANSWERED.match(line):
                assert answered[1] == "0", f"$ {command}\n{said}"
                return said.strip("\n") + "\n"
            said += line
        raise AssertionError(f"the shell ended: $ {command}\n{said}")

    def _here(self) -> Path:
        return Path(self._type("pwd").strip())

    def _serve(self, command: str) -> None:
        """Start what stays until it is interrupted, and wait for it to say that it is there."""
        self._serving = subprocess.Popen(
            ["bash", "-c", re.sub(r"\bfleet up\b", "exec fleet up", command)],
            cwd=self._here(),
            env=_environment(int(self._port)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._serving.stdout is not None
        said = ""
        while _READY not in said:
            line = self._serving.stdout.readline()
            assert line, said
            said += line


@contextmanager
def walk(folder: Path) -> Iterator[Walk]:
    """Open a shell in a folder for as long as the block lasts."""
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    walking = Walk(folder, port)
    try:
        yield walking
    finally:
        walking.close()


def _typed(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console, with what it says."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, said = part.partition("\n")
        yield command, said


def _like(expected: str) -> re.Pattern[str]:
    """Match what is said: `…` stands for the rest of a line, or by itself for any number of lines."""
    lines = [
        r"(?:[^\n]*\n)*?" if line == "…" else re.escape(line).replace("…", r"[^\n]*") + r"\n"
        for line in expected.splitlines()
    ]
    return re.compile("".join(lines) or r"\n?")


def _environment(port: int) -> dict[str, str]:
    ours = ("FLEET_", "PYTEST_", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours) or name == "FLEET_CACHE"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "NO_COLOR": "1", "FLEET_API__PORT": str(port)}
