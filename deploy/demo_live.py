"""The demo on a terminal: one picture that moves."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from zeebe_fleet.deploy.demo_news import News
from zeebe_fleet.deploy.demo_view import PEOPLE, sandbox_url
from zeebe_fleet.deploy.local.report import Advance
from zeebe_fleet.deploy.publication import Deployment
from zeebe_fleet.deploy.settings import Settings
from zeebe_fleet.workers.contract.addresses import shown

_FRAMES_PER_S = 4
_NOTES = 2
"""Of what is said in passing, the last few."""
_STOPPING = "Stopping …"
_OTHER_LINES = 26
"""Of the picture without its workflows."""
_COLOURS = {"COMPLETED": "green", "COMPENSATED": "yellow", "CANCELLED": "dim", "ENDED_UNKNOWN": "red"}
_MIB = 1024 * 1024


@dataclass
class _Part:
    """A line of what comes up."""

    address: str = ""
    ready: bool = False
    took_s: float | None = None


@dataclass
class _Step:
    """Something slow that goes on."""

    title: str
    total_bytes: int = 0
    done_bytes: int = 0


class LiveView:
    """Parts, addresses, people and workflows, drawn anew a few times a second.

    Args:
        console: the terminal.
        parts: names of what is started, in the order of the picture.
        log: where the fleet's own log lines go meanwhile.
    """

    def __init__(self, console: Console, parts: Sequence[str], log: Path) -> None:
        self._console = console
        self._parts = {name: _Part() for name in parts}
        self._steps: dict[int, _Step] = {}
        self._numbers = count()
        self._notes: list[str] = []
        self._latest: Sequence[News] = ()
        self._url = ""
        self._log = log
        self._foot = "Ctrl-C stops everything; the data stays."
        self._begun_s = time.monotonic()
        self._lock = threading.Lock()
        self._spinner = Spinner("dots")
        self._live = Live(get_renderable=self._picture, console=console, refresh_per_second=_FRAMES_PER_S)

    def __enter__(self) -> Self:
        """Draw from now on."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the last picture as it is."""
        if self._foot == _STOPPING:
            self._foot = "Stopped; the data stays."
        self._live.stop()

    def say(self, text: str) -> None:
        """Keep the last few lines below the parts."""
        with self._lock:
            self._notes = [*self._notes, text][-_NOTES:]

    def ready(self, part: str, took_s: float) -> None:
        """Tick a part off; what the picture does not have is below one that it has."""
        with self._lock:
            if part in self._parts:
                self._parts[part].ready, self._parts[part].took_s = True, took_s

    @contextmanager
    def transfer(self, title: str, total_bytes: int) -> Iterator[Advance]:
        """Show how much is there."""
        with self._going_on(_Step(title, total_bytes)) as step:

            def advance(done_bytes: int) -> None:
                step.done_bytes = done_bytes

            yield advance

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show that it goes on."""
        with self._going_on(_Step(title)):
            yield

    def served(self, settings: Settings, deployment: Deployment) -> None:
        """Show where everything is; what no start was seen of ran already."""
        addresses = {
            "engine": settings.zeebe.address,
            "sandbox": f"{sandbox_url(settings)}/calls",
            "fleet": f"{shown(settings.api_url)}/graphql",
            "operate": settings.api.operate_url,
        }
        with self._lock:
            self._url = settings.api_url
            if settings.api.operate_url:
                self._parts["operate"] = _Part()
            for name, part in self._parts.items():
                part.address = addresses.get(name, "")
                part.ready = True
            self._parts["fleet"].took_s = time.monotonic() - self._begun_s
            self._notes = [f"warning: {one}" for one in deployment.warnings][:_NOTES]

    def moved(self, latest: Sequence[News]) -> None:
        """Show how workflows stand."""
        self._latest = latest

    def invite(self) -> None:
        """Say where the log is, now that nothing is left to wait for."""
        self._notes = [*self._notes, f"Log lines go to {self._log}"]

    def stopping(self) -> None:
        """Say so, until all of it is gone."""
        self._foot = _STOPPING

    @contextmanager
    def _going_on(self, step: _Step) -> Iterator[_Step]:
        number = next(self._numbers)
        with self._lock:
            self._steps[number] = step
        try:
            yield step
        finally:
            with self._lock:
                del self._steps[number]

    def _picture(self) -> RenderableType:
        with self._lock:
            lines = [self._head(), self._part_lines(), *self._step_lines(), *self._note_lines()]
            if self._url:
                lines += [Text(), self._people(), Text(), self._workflows()]
            # The last line is short: a terminal writes its ^C behind it, and must not break the line for it.
            return Group(*lines, Text(), Text(self._foot, style="dim"))

    def _head(self) -> RenderableType:
        head = Table.grid(expand=True)
        head.add_column()
        head.add_column(justify="right")
        head.add_row(Text("Zeebe Fleet", style="bold"), Text(f"{time.monotonic() - self._begun_s:.0f} s", style="dim"))
        return head

    def _part_lines(self) -> RenderableType:
        table = Table.grid(padding=(0, 2, 0, 0))
        for name, part in self._parts.items():
            took = f"{part.took_s:.1f} s" if part.took_s is not None else ""
            mark = Text("✓", style="green") if part.ready else self._spinner
            where = part.address if part.ready else Text("starting", style="dim")
            table.add_row(mark, name, Text(took, style="dim"), where)
        return table

    def _step_lines(self) -> Iterator[RenderableType]:
        for step in self._steps.values():
            done = f" {step.done_bytes / _MIB:.0f} of {step.total_bytes / _MIB:.0f} MB" if step.total_bytes else ""
            yield Text(f"  {step.title}{done} …", style="cyan", no_wrap=True, overflow="ellipsis")

    def _note_lines(self) -> Iterator[RenderableType]:
        for note in self._notes:
            yield Padding(Text(note, style="dim"), (0, 0, 0, 2))

    def _people(self) -> RenderableType:
        table = Table.grid(padding=(0, 2, 0, 0))
        for name, role, todo in PEOPLE:
            table.add_row(Text(f"  {name}", style="bold cyan"), role, Text(todo, style="dim"))
        where = Text.assemble("Open ", (self._url, "bold underline"), " and sign in as one of these; no passwords")
        return Group(where, table)

    def _workflows(self) -> RenderableType:
        room = max(2, self._console.size.height - _OTHER_LINES)
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        for ratio in (None, None, None, 1):
            table.add_column(no_wrap=True, overflow="ellipsis", ratio=ratio)
        for one in self._latest[:room]:
            took = "" if one.took_s is None else f"took {one.took_s:.1f} s"
            state = Text(one.state, style=_COLOURS.get(one.state, "cyan"))
            table.add_row(f"  {one.process_name}", Text(one.workflow_id[:8], style="dim"), state, one.stands or took)
        more = f"  more at {self._url}/start: one that is declined, one with an outage"
        return Group(Text.assemble("Workflows", (more, "dim")), table)
