"""Operating-system processes of the stack: started, recognised, stopped."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from zeebe_fleet.deploy.local.guardian import Guardian, enroll
from zeebe_fleet.workers import parent

_guardian = Guardian()
#: Children of this process; kept, because a zombie is only told from a living process by its parent.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Identity:
    """One process for ever: a PID alone is reused by the system."""

    pid: int
    created_s: float

    @property
    def alive(self) -> bool:
        """Whether exactly this process still runs."""
        child = _children.get(self.pid)
        if child is not None and child.poll() is not None:
            return False
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created_s) < 0.5
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


@dataclass(frozen=True)
class Launch:
    """How one process is started.

    Args:
        log: file that standard output and error are appended to.
        user: system user to run as, or None for our own.
        death_signal: what the child receives when its owner dies.
    """

    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stdin: Path | None = None
    death_signal: signal.Signals = signal.SIGKILL


def spawn(launch: Launch, *, owned: bool) -> Identity:
    """Start a process in a session of its own, so that a terminal's Ctrl-C does not reach it.

    Args:
        owned: the process dies with this one, even by SIGKILL: on Linux by the kernel (PR_SET_PDEATHSIG), elsewhere
            by a guardian.
    """
    return _forker.run(lambda: _fork(launch, owned))


def run(launch: Launch, check: Callable[[], None], timeout_s: float = 120.0) -> int:
    """Run a short-lived process to its end and return its exit status.

    Args:
        check: called while waiting; whatever it raises kills the process first.
    """
    identity = spawn(launch, owned=True)
    child = _children[identity.pid]
    end_s = time.monotonic() + timeout_s
    try:
        while child.poll() is None and time.monotonic() < end_s:
            check()
            time.sleep(0.02)
    finally:
        kill(identity)
    return child.wait()


def exit_status(identity: Identity) -> int | None:
    """Exit status of an ended child of this process; None if it runs or is not ours."""
    child = _children.get(identity.pid)
    return child.poll() if child is not None else None


def signal_to(identity: Identity, number: signal.Signals) -> None:
    """Send a signal to exactly this process, if it still runs."""
    if identity.alive:
        psutil.Process(identity.pid).send_signal(number)


def stop(identity: Identity, by: signal.Signals, timeout_s: float = 15.0) -> None:
    """End a process: ask, wait, then SIGKILL. Its children are waited for too."""
    stop_all([(identity, by)], timeout_s)


def stop_all(asked: Iterable[tuple[Identity, signal.Signals]], timeout_s: float = 15.0) -> None:
    """End several processes at once, each asked by its own signal."""
    ending: list[psutil.Process] = []
    for identity, by in asked:
        if identity.alive:
            process = psutil.Process(identity.pid)
            ending += [process, *process.children(recursive=True)]
            process.send_signal(by)
    for left in _wait(ending, timeout_s):
        with suppress(psutil.NoSuchProcess):
            left.kill()
    _wait(ending, timeout_s)


def kill(identity: Identity) -> None:
    """SIGKILL a process and return once it and its children are gone."""
    if identity.alive:
        stop(identity, signal.SIGKILL)


def find(markers: Collection[str]) -> dict[str, list[Identity]]:
    """The living processes that carry one of `markers` as one of their arguments.

    This finds what a killed starter had no time to write down.
    """
    found: dict[str, list[Identity]] = {marker: [] for marker in markers}
    for process in psutil.process_iter(["cmdline", "create_time", "status"]):
        info = process.info
        if info["status"] == psutil.STATUS_ZOMBIE:
            continue
        for marker in set(info["cmdline"] or ()) & found.keys():
            found[marker].append(Identity(process.pid, info["create_time"]))
    return found


def listening(identity: Identity) -> set[int] | None:
    """The TCP ports that a process listens on; None where we may not know."""
    try:
        connections = psutil.Process(identity.pid).net_connections("tcp")
    except psutil.Error:
        return None
    return {connection.laddr.port for connection in connections if connection.status == psutil.CONN_LISTEN}


def resident_bytes(identity: Identity) -> int:
    """Memory of a process and its children, shared pages counted once."""
    total = 0
    try:
        root = psutil.Process(identity.pid)
        for process in [root, *root.children(recursive=True)]:
            total += _proportional_bytes(process)
    except psutil.Error:
        return total
    return total


def _proportional_bytes(process: psutil.Process) -> int:
    try:
        full = process.memory_full_info()
    except psutil.Error:
        return int(process.memory_info().rss)
    return int(getattr(full, "pss", 0) or full.rss)


def _wait(ending: list[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    end_s = time.monotonic() + timeout_s
    left = ending
    while left and time.monotonic() < end_s:
        left = [process for process in left if _runs(process)]
        time.sleep(0.01)
    return left


def _runs(process: psutil.Process) -> bool:
    child = _children.get(process.pid)
    try:
        if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            return True
    except psutil.NoSuchProcess:
        pass
    return child is not None and child.poll() is None  # the poll is what removes a zombie


def _fork(launch: Launch, owned: bool) -> Identity:
    owner = os.getpid()
    guarded = _guardian.descriptor() if owned and not parent.BY_KERNEL else None

    def before_exec() -> None:
        # After Popen has changed the user: a change of credentials clears the parent-death signal.
        if guarded is not None:
            enroll(guarded, launch.death_signal)
        elif owned:
            parent.ask_kernel(launch.death_signal)
            if os.getppid() != owner:
                os._exit(1)

    launch.log.parent.mkdir(parents=True, exist_ok=True)
    with launch.log.open("ab") as log, (launch.stdin or Path(os.devnull)).open("rb") as stdin:
        child = subprocess.Popen(
            list(launch.command),
            env=dict(launch.environment),
            stdin=stdin,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=launch.user,
            group=launch.user,
            extra_groups=[] if launch.user else None,
            cwd="/",
            preexec_fn=before_exec,
        )
    _children[child.pid] = child
    return Identity(child.pid, psutil.Process(child.pid).create_time())


class _Forker:
    """Forks on the main thread, or on a thread that lives as long as the process.

    The kernel sends the parent-death signal when the *thread* that forked ends: a pool's thread would take
    the stack with it.
    """

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def run(self, fork: Callable[[], Identity]) -> Identity:
        if threading.current_thread() is threading.main_thread():
            return fork()
        answer: queue.SimpleQueue[Identity | BaseException] = queue.SimpleQueue()

        def work() -> None:
            try:
                answer.put(fork())
            except BaseException as error:  # handed to the caller's thread
                answer.put(error)

        self._ensure_thread()
        self._work.put(work)
        result = answer.get()
        if isinstance(result, BaseException):
            raise result
        return result

    def _ensure_thread(self) -> None:
        with self._start:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._serve, name="stack-forker", daemon=True)
                self._thread.start()

    def _serve(self) -> None:
        while True:
            self._work.get()()


_forker = _Forker()
