"""Whatever an action raises is an error: every exception class of the standard library, through each way to run it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import importlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from zeebe_fleet.deploy.trial import StepInfo, run_task
from zeebe_fleet.workers.contract.errors import BusinessError, FleetError
from zeebe_fleet.workers.contract.flow import FlowEvent, Point
from zeebe_fleet.workers.contract.outcomes import Complete, Fail, HandBack, Outcome, ThrowError
from zeebe_fleet.workers.execution import execute
from zeebe_fleet.workers.flow import Flow
from zeebe_fleet.workers.service_task import ServiceTaskHelper
from zeebe_fleet.workers.task import Task, TaskSettings, task, task_of

_MODULES = (
    "asyncio",
    "binascii",
    "concurrent.futures.process",
    "configparser",
    "csv",
    "decimal",
    "email.errors",
    "http.client",
    "json",
    "multiprocessing",
    "pickle",
    "queue",
    "shutil",
    "smtplib",
    "socket",
    "sqlite3",
    "ssl",
    "struct",
    "subprocess",
    "tarfile",
    "urllib.error",
    "xml.etree.ElementTree",
    "zipfile",
    "zlib",
    "zoneinfo",
)
_ARGUMENTS: tuple[tuple[Any, ...], ...] = (
    (),
    ("x",),
    ("x", "y"),
    ("x", 1),
    ("x", "y", "z"),
    ("x", 1, "y", {}, None),
    ("utf-8", b"\xff", 0, 1, "x"),
    ("utf-8", "\ud800", 0, 1, "x"),
    ("\ud800", 0, 1, "x"),
    ("x", [ValueError("x")]),
    (1, ["x"]),
)


class OwnError(Exception):
    """One that does not survive pickling: it wants more than it passes on."""

    def __init__(self, what: str, *, where: str) -> None:
        super().__init__(what)
        self.where = where


class OwnEnd(BaseException):
    """One that is no `Exception`, and cannot be shown."""

    def __str__(self) -> str:
        raise OSError


class OwnHandle(Exception):
    """One that holds what cannot be pickled."""

    def __init__(self) -> None:
        super().__init__("held")
        self.handle = lambda: None


def _classes() -> list[type[BaseException]]:
    for name in _MODULES:
        importlib.import_module(name)
    found: dict[type[BaseException], None] = {BaseException: None}
    for one in found.copy():
        _add_subclasses(one, found)
    return [
        one for one in found if one.__module__.split(".")[0] in sys.stdlib_module_names and not issubclass(one, Warning)
    ]


def _add_subclasses(one: type[BaseException], found: dict[type[BaseException], None]) -> None:
    for subclass in type.__subclasses__(one):
        if subclass not in found:
            found[subclass] = None
            _add_subclasses(subclass, found)


def _made(kind: type[BaseException]) -> BaseException | None:
    for arguments in _ARGUMENTS:
        try:
            return kind(*arguments)
        except Exception:
            continue
    return None


def errors() -> Iterator[BaseException]:
    """Yield one of each class."""
    yield from filter(None, map(_made, _classes()))
    yield from (OwnError("x", where="y"), OwnEnd(), OwnHandle())


ERRORS = {f"{type(one).__module__}.{type(one).__qualname__}": one for one in errors()}
OUTCOMES = ("asyncio.exceptions.CancelledError", "builtins.SystemExit", "builtins.StopIteration")
KNOWN = (*OUTCOMES, "builtins.KeyboardInterrupt", "builtins.GeneratorExit", "builtins.StopAsyncIteration")


def raising(name: str) -> None:
    """Raise one anew."""
    raise (ERRORS.get(name) or _named(name)).with_traceback(None)


def _named(name: str) -> BaseException:
    """Make one whose module a process has not loaded."""
    module, _, kind = name.rpartition(".")
    made = _made(getattr(importlib.import_module(module), kind))
    assert made is not None
    return made


async def in_coroutine(name: str) -> None:
    """Raise it in the event loop."""
    raising(name)


def in_helper(sth: ServiceTaskHelper, name: str) -> None:
    """Raise it where the context is a helper."""
    raising(name)


def nothing(name: str) -> None:
    """Do nothing."""


async def run(way: Task, name: str) -> Outcome | HandBack:
    """Run it on a task's way, as a job of its own, with as much patience as a crowded machine needs."""
    async with asyncio.timeout(60):
        return await asyncio.create_task(run_task(way, {"name": name}, step=StepInfo(retries=3)))


def of(action: Callable[..., Any]) -> Task:
    """Return the task of a function."""
    found = task_of(action)
    assert found is not None
    return found


def _ways() -> dict[str, Task]:
    def within(**around: Any) -> Task:
        return of(task("within", **around)(lambda name: nothing(name)))

    return {
        "thread": Task("thread", raising),
        "process": Task("process", raising, TaskSettings(cpu=True)),
        "coroutine": Task("coroutine", in_coroutine),
        "helper": Task("helper", in_helper),
        "condition": within(conditions=[raising]),
        "condition in the loop": within(conditions=[in_coroutine]),
        "validator": within(validators=[raising]),
        "validator in the loop": within(validators=[in_coroutine]),
    }


def test_classes_are_those_that_matter() -> None:
    """A list that came out empty would test nothing."""
    assert len(ERRORS) > 120
    assert set(KNOWN) <= ERRORS.keys()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", _ways())
async def test_error_of_any_class_is_an_error_like_any_other(way: str) -> None:
    """It has an outcome, which names its class and its place in the app; nothing hangs, and the loop lives."""
    one = _ways()[way]
    wrong = {}
    for name, error in ERRORS.items():
        with structlog.testing.capture_logs():
            outcome = await run(one, name)
        kind = type(error).__name__
        if isinstance(error, BaseExceptionGroup):
            kind = type(error.exceptions[0]).__name__
        if not isinstance(outcome, Fail) or not _tells(outcome, kind, at_once=isinstance(one, Flow)):
            wrong[name] = outcome
    assert wrong == {}


def _tells(outcome: Fail, kind: str, *, at_once: bool) -> bool:
    named = f"{kind} at test_every_error.py:" in outcome.message
    return named and outcome.retries == (0 if at_once else 2)


async def test_result_that_no_process_gives_back_is_refused_at_once() -> None:
    """A function cannot leave its process, and no retry changes that."""
    outcome = await run(Task("process", returning_a_function, TaskSettings(cpu=True)), "x")
    assert isinstance(outcome, Fail)
    assert outcome.retries == 0
    assert "cannot leave its process" in outcome.message


def returning_a_function(name: str) -> Any:
    """Return what cannot be pickled."""
    return lambda: name


async def test_error_of_ours_comes_from_a_process_as_it_is() -> None:
    """A business error is thrown, with all it carries."""
    outcome = await run(Task("process", declining, TaskSettings(cpu=True)), "Ada")
    assert outcome == ThrowError("DECLINED", "No.", {"name": "Ada"})


def declining(name: str) -> None:
    """Raise a business error."""
    raise BusinessError("DECLINED", "No.", {"name": name})


async def test_execute_lets_out_errors_as_they_are() -> None:
    """What a coroutine may raise is not disguised."""
    with pytest.raises(KeyError):
        await execute(raising, {"name": "builtins.KeyError"}, cpu=False)
    with pytest.raises(KeyError):
        await execute(raising, {"name": "builtins.KeyError"}, cpu=True)


async def test_work_that_is_cancelled_from_outside_stays_cancelled() -> None:
    """A worker that stops cancels its jobs: that is no error of theirs."""
    begun = asyncio.Event()

    async def waiting(name: str) -> None:
        begun.set()
        await asyncio.Event().wait()

    work = asyncio.create_task(run_task(Task("waiting", waiting), {"name": "x"}))
    await begun.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work


async def test_future_that_others_cancelled_is_an_error_of_who_awaits_it() -> None:
    """The work itself was not cancelled, so its attempt has an end."""

    async def awaiting() -> None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    outcome = await asyncio.create_task(run_task(Task("awaiting", awaiting)))
    assert isinstance(outcome, Fail)
    assert outcome.message.startswith("CancelledError at test_every_error.py:")


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
@pytest.mark.parametrize("how", ["group", "gather", "task"])
async def test_task_within_an_action_does_not_end_the_worker(kind: type[BaseException], how: str) -> None:
    """Asyncio lets these two through to the event loop, which ends over them."""

    async def ends() -> None:
        raise kind

    @task("parting")
    async def parting() -> None:
        if how == "group":
            async with asyncio.TaskGroup() as group:
                group.create_task(ends())
        elif how == "gather":
            await asyncio.gather(ends(), asyncio.sleep(0))
        else:
            await asyncio.create_task(ends())

    outcome = await asyncio.create_task(run_task(parting))
    assert isinstance(outcome, Fail)
    assert outcome.message.startswith(f"{kind.__name__} at test_every_error.py:")


class Persister:
    """Breaks as no `Exception` does."""

    async def load(self, db: Any, workflow_instance_id: Any) -> dict[str, Any]:
        raise SystemExit

    async def store(self, db: Any, workflow_instance_id: Any, state: Any) -> None:
        raise SystemExit


async def test_persister_that_ends_the_world_is_an_error() -> None:
    """User code, like an action."""

    @task("kept", persister=Persister())
    async def kept() -> None: ...

    class Session:
        async def close(self) -> None: ...

        def __init__(self) -> None:
            self.info: dict[str, Any] = {}

    outcome = await asyncio.create_task(run_task(kept, db=Session()))  # type: ignore[arg-type]
    assert isinstance(outcome, Fail)
    assert outcome.message.startswith("SystemExit at test_every_error.py:")


async def test_observer_that_ends_its_thread_is_told_the_next_event() -> None:
    """As one that raises anything else."""
    told: list[Point] = []
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Ending:
        def notice(self, event: FlowEvent) -> None:
            told.append(event.point)
            if event.point is Point.COMMIT:
                loop.call_soon_threadsafe(ended.set)
            raise SystemExit

    @task("watched", observers=[Ending()])
    async def watched() -> None: ...

    assert await run_task(watched) == Complete({})
    async with asyncio.timeout(30):
        await ended.wait()
    assert told[:2] == [Point.BEGIN, Point.LOAD]


async def test_group_of_one_kind_is_that_kind() -> None:
    """A business error of a task group is thrown like one that was raised alone."""

    async def declines() -> None:
        raise BusinessError("DECLINED", "No.", {"by": "bank"})

    @task("grouped")
    async def grouped() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(declines())
            group.create_task(declines())

    assert await run_task(grouped) == ThrowError("DECLINED", "No.", {"by": "bank"})


def _group(*of_these: Exception) -> ExceptionGroup[Exception]:
    return ExceptionGroup("outer", [ExceptionGroup("inner", [of_these[0]]), *of_these[1:]])


@pytest.mark.parametrize(
    ("mixed", "gravest"),
    [
        ("transient business", "Business."),
        ("foreign business", "Business."),
        ("business permanent", "Permanent."),
        ("transient foreign", "ValueError"),
        ("infrastructure transient", "Transient."),
        ("infrastructure foreign", "ValueError"),
        ("cut transient", "Transient."),
    ],
)
async def test_group_of_several_kinds_is_the_gravest(mixed: str, gravest: str) -> None:
    """In whatever order, and however deep."""
    from sqlalchemy.exc import DBAPIError

    from zeebe_fleet.workers.contract.errors import InfrastructureError, PermanentError, TransientError

    known: dict[str, Exception] = {
        "transient": TransientError("Transient."),
        "foreign": ValueError("x"),
        "business": BusinessError("CODE", "Business."),
        "permanent": PermanentError("Permanent."),
        "infrastructure": InfrastructureError("Infrastructure."),
        "cut": DBAPIError("SELECT 1", {}, OSError("gone"), connection_invalidated=True),
    }
    for names in (mixed.split(), mixed.split()[::-1]):

        @task("mixed")
        async def raises(names: list[str] = names) -> None:
            raise _group(*(known[name] for name in names))

        outcome = await run_task(raises)
        assert isinstance(outcome, Fail | ThrowError)
        assert outcome.message.startswith(gravest)


async def test_group_of_what_must_not_be_repeated_is_in_doubt_unless_all_say() -> None:
    """One of them may have happened, and nobody knows."""

    @task("once", repeatable=False)
    async def once() -> None:
        raise _group(BusinessError("CODE"), ValueError("x"))

    outcome = await run_task(once)
    assert isinstance(outcome, HandBack)
    assert outcome.suspect


async def test_group_of_a_validator_is_its_kind_too() -> None:
    """Wherever user code runs."""

    async def objects() -> None:
        raise _group(BusinessError("CODE", "No."))

    @task("checked", validators=[objects])
    async def checked() -> None: ...

    assert await run_task(checked) == ThrowError("CODE", "No.")


def _library() -> None:
    import json

    json.loads("{secret: 1}")


async def test_place_is_the_last_frame_of_the_app_and_the_traceback_is_in_the_log() -> None:
    """Not the library it called, nor asyncio; the words of the error are in the log alone."""

    async def reads() -> None:
        _library()

    @task("reading")
    async def reading() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(reads())

    line = _library.__code__.co_firstlineno + 3
    with structlog.testing.capture_logs() as lines:
        outcome = await run_task(reading)
    assert isinstance(outcome, Fail)
    assert outcome.message == f"JSONDecodeError at test_every_error.py:{line}"
    (told,) = [one for one in lines if one["event"] == "task.raised"]
    assert "in _library" in told["exception"]
    assert "{secret" not in told["exception"].replace('json.loads("{secret: 1}")', "")


async def test_place_of_an_error_that_a_library_raised_in_a_group_is_where_the_app_waits() -> None:
    """A library's coroutine has no frame of the app; the group has."""

    @task("reading")
    async def reading() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.to_thread(int, "x"))

    outcome = await run_task(reading)
    assert isinstance(outcome, Fail)
    assert outcome.message.startswith("ValueError at test_every_error.py:")


async def test_traceback_of_a_process_is_in_the_log() -> None:
    """With the frames that it had there."""
    with structlog.testing.capture_logs() as lines:
        await run(Task("process", raising, TaskSettings(cpu=True)), "builtins.KeyError")
        await run(Task("process", raising, TaskSettings(cpu=True)), f"{__name__}.OwnError")
    assert len(lines) == 2
    assert all("in raising" in one["exception"] for one in lines)


def test_errors_of_ours_are_no_groups() -> None:
    """What is raised alone stays what it is."""
    assert not issubclass(FleetError, BaseExceptionGroup)
    assert issubclass(concurrent.futures.CancelledError, Exception)
