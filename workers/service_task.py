"""The task context as a plain function sees it: `db` is an ordinary SQLAlchemy session, in the function's own thread.

The connection belongs to the event loop. Where the session waits for it, the function's greenlet is left, the loop is
asked, and the thread waits for the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from zeebe_fleet.workers.context import OutboundService, TaskContext
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.records import UndoneStep

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

T = TypeVar("T")


class ServiceTaskHelper:
    """Given to an action that is a plain `def`, as `sth`; one for each delivery of a job."""

    def __init__(self, ctx: TaskContext, loop: asyncio.AbstractEventLoop) -> None:
        self._ctx = ctx
        self._loop = loop

    @property
    def workflow_instance_id(self) -> UUID:
        """The workflow this job belongs to."""
        return self._ctx.workflow_id

    @property
    def workflow_id(self) -> UUID:
        """The same, as the records call it."""
        return self._ctx.workflow_id

    @property
    def job(self) -> Job:
        """The job as the engine handed it out."""
        return self._ctx.job

    @property
    def log(self) -> Any:
        """A logger whose lines name workflow, step and job type."""
        return self._ctx.log

    @property
    def idempotency_key(self) -> str:
        """Stays the same for this step, however often it is delivered or run."""
        return self._ctx.idempotency_key

    @property
    def undone(self) -> tuple[UndoneStep, ...]:
        """For a compensation handler: the steps it takes back, newest first, as the records have them."""
        return self._ctx.undone

    @property
    def state(self) -> dict[str, Any]:
        """The workflow's state as its persister loaded it; what is changed here is stored."""
        return self._ctx.state

    def get_model(self, name: str) -> type[Any]:
        """Return a data model that the workflow declares."""
        return self._ctx.get_model(name)

    @property
    def db(self) -> Session:
        """The transaction that finishes this step: what is written commits with the step's record, or not at all."""
        session = self._ctx.db
        if not session.in_transaction():
            self.wait(session.connection())
        return session.sync_session

    def http(self, service: str) -> PlainService:
        """Return the client of an outside service named in the settings."""
        return PlainService(self._ctx.http(service), self.wait)

    def secret(self, name: str) -> str:
        """Return a credential by name."""
        return self._ctx.secret(name)

    def wait(self, awaitable: Awaitable[T]) -> T:
        """Have something awaited by the event loop; for code that runs outside it."""
        return asyncio.run_coroutine_threadsafe(self._ctx.at_work(awaitable), self._loop).result()

    def call(self, function: Callable[..., T], arguments: Mapping[str, Any], parameter: str) -> T:
        """Call a function in this thread, with this helper as one of its arguments."""
        from zeebe_fleet.workers.plain_greenlet import PlainCall

        call = PlainCall(partial(function, **arguments, **{parameter: self}), self.wait)
        return cast("T", call.run_to_end())


class PlainService:
    """An outside service as plain code calls it."""

    def __init__(self, service: OutboundService, wait: Callable[[Awaitable[Any]], Any]) -> None:
        self._service = service
        self._wait = wait

    def get(self, path: str, **options: Any) -> Any:
        """Read; raises `TransientError` or `PermanentError`."""
        return self._wait(self._service.get(path, **options))

    def post(self, path: str, **options: Any) -> Any:
        """Create or act."""
        return self._wait(self._service.post(path, **options))

    def put(self, path: str, **options: Any) -> Any:
        """Replace."""
        return self._wait(self._service.put(path, **options))

    def delete(self, path: str, **options: Any) -> Any:
        """Remove."""
        return self._wait(self._service.delete(path, **options))
