"""Processes that end with their parent: by Linux's kernel, and by the way of every other system."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from zeebe_fleet.deploy.local.guardian import guard
from zeebe_fleet.workers.parent import BY_KERNEL

CHILD = """
import signal, sys
from zeebe_fleet.workers.parent import end_with_parent
end_with_parent(by_kernel=sys.argv[1] == "True")
print("up", flush=True)
signal.pause()
"""
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", *sys.argv[1:]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""
OWNER = """
import signal, sys
from pathlib import Path
from zeebe_fleet.deploy.local.processes import Launch, spawn
from zeebe_fleet.workers import parent
parent.BY_KERNEL = sys.argv[1] == "True"
program, log = sys.argv[2], Path(sys.argv[3])
told = spawn(Launch([sys.executable, "-c", program, "told"], log, death_signal=signal.SIGTERM), owned=True)
killed = spawn(Launch([sys.executable, "-c", program, "killed"], log), owned=True)
detached = spawn(Launch([sys.executable, "-c", program, "detached"], log), owned=False)
while not log.exists() or log.read_text().count("up") < 3:
    pass
print(told.pid, killed.pid, detached.pid, flush=True)
sys.stdin.read()
"""
PROGRAM = """
import signal, sys
def end(*_):
    print(sys.argv[1], "was asked", flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
signal.pause()
"""
POOL = """
import asyncio, os, time
from zeebe_fleet.workers import execution
execution.BY_KERNEL = False
def stay():
    print(os.getpid(), flush=True)
    time.sleep(600)
if __name__ == "__main__":
    asyncio.run(execution.execute(stay, {}, cpu=True))
"""
WAYS = pytest.mark.parametrize(
    "by_kernel", [pytest.param(True, marks=pytest.mark.skipif(not BY_KERNEL, reason="Linux alone does it")), False]
)

Start = Callable[..., tuple[subprocess.Popen[str], list[psutil.Process]]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a program that prints the PIDs of its children; nothing of it is left afterwards."""
    running: list[psutil.Process] = []

    def run(*arguments: str) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
        pipe = subprocess.PIPE
        parent = subprocess.Popen([sys.executable, *arguments], stdin=pipe, stdout=pipe, text=True)
        running.append(psutil.Process(parent.pid))
        assert parent.stdout is not None
        children = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        running.extend(children)
        return parent, children

    yield run
    for process in running:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def kill(parent: subprocess.Popen[str]) -> None:
    """SIGKILL it, and close its pipes afterwards: a child must not end by them."""
    parent.kill()
    with parent:
        pass


@WAYS
def test_process_ends_with_its_killed_parent(start: Start, by_kernel: bool) -> None:
    """A parent's SIGKILL ends the child that asked for it."""
    parent, children = start("-c", PARENT, CHILD, str(by_kernel))
    assert len(children) == 1
    kill(parent)
    assert psutil.wait_procs(children, timeout=20)[1] == []


@WAYS
def test_owned_processes_end_with_their_killed_owner(start: Start, by_kernel: bool, tmp_path: Path) -> None:
    """Each owned child gets the signal that it was started with; a detached one gets none."""
    log = tmp_path / "log"
    owner, (told, killed, detached) = start("-c", OWNER, str(by_kernel), PROGRAM, str(log))
    guardians = [one for one in psutil.Process(owner.pid).children() if one not in (told, killed, detached)]
    assert len(guardians) == (0 if by_kernel else 1)
    kill(owner)
    assert psutil.wait_procs([told, killed, *guardians], timeout=20)[1] == []
    assert detached.is_running()
    assert log.read_text("utf-8").split("\n") == ["up", "up", "up", "told was asked", ""]


def test_action_ends_with_its_killed_worker_where_no_kernel_does_it(start: Start, tmp_path: Path) -> None:
    """A process in which a cpu task runs notices by itself that its worker is gone."""
    script = tmp_path / "pool.py"
    script.write_text(POOL, "utf-8")
    worker, children = start(str(script))
    assert len(children) == 1
    kill(worker)
    assert psutil.wait_procs(children, timeout=20)[1] == []


def test_guardian_passes_over_what_has_ended() -> None:
    """A child that is over holds up no other's signal."""
    over = subprocess.Popen([sys.executable, "-c", ""])
    over.wait()
    living = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    guard([b"%d %d\n" % (pid, signal.SIGKILL) for pid in (over.pid, living.pid)])
    assert living.wait(20) == -signal.SIGKILL
