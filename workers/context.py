"""What an action may reach: outside services, its business database, secrets, and what it undoes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from uuid import UUID

import structlog

from zeebe_fleet.workers.contract.access import ACCESS, Access
from zeebe_fleet.workers.contract.cases import Cases
from zeebe_fleet.workers.contract.errors import DefinitionError, PermanentError, StaleError
from zeebe_fleet.workers.contract.job import Job
from zeebe_fleet.workers.contract.records import Claim, UndoneStep

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")


class OutboundService(Protocol):
    """An outside service, spoken to in JSON; every call carries the step's idempotency key."""

    async def get(
        self, path: str, *, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Read; raises `TransientError` or `PermanentError`."""

    async def post(self, path: str, *, json: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """Create or act."""

    async def put(self, path: str, *, json: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """Replace."""

    async def delete(self, path: str, *, headers: Mapping[str, str] | None = None) -> Any:
        """Remove."""


@dataclass(frozen=True, slots=True)
class Services:
    """The outside world as the workers of one process know it.

    Args:
        outbound: gives the service of a name, sending an idempotency key.
        secrets: credentials by name.
        data_models: names of those that each process declares, by the name of the process.
        cases: where definitions of cases come from.
    """

    outbound: Callable[[str, str], OutboundService] = field(default=lambda name, key: _no_service(name))
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    data_models: Mapping[str, frozenset[str]] = field(default_factory=dict)
    cases: Cases | None = None


class TaskContext:
    """Given to an action beside its variables; one for each delivery of a job."""

    action = ""
    """Name of the action, where it was picked."""
    at_end: Callable[[object], None] | None = None
    """Called with what became of the job, once that is committed."""
    _turn: asyncio.Lock | None = None
    _is_closed = False

    def __init__(self, claim: Claim, services: Services, open_session: Callable[[], AsyncSession]) -> None:
        self._claim = claim
        self._services = services
        self._open_session = open_session
        self._session: AsyncSession | None = None

    @cached_property
    def log(self) -> Any:
        """A logger whose lines name workflow, step and job type."""
        claim = self._claim
        return structlog.get_logger("fleet.task").bind(
            workflow_id=str(claim.workflow_id), step_id=claim.step_id, job_type=claim.job.type
        )

    @cached_property
    def state(self) -> dict[str, Any]:
        """The workflow's state as the task's persister loaded it; what is changed here is stored."""
        return {}

    @property
    def workflow_id(self) -> UUID:
        """The workflow this job belongs to."""
        return self._claim.workflow_id

    @property
    def workflow_instance_id(self) -> UUID:
        """The same, as rows of data models name it."""
        return self._claim.workflow_id

    @property
    def job(self) -> Job:
        """The job as the engine handed it out."""
        return self._claim.job

    @property
    def idempotency_key(self) -> str:
        """Stays the same for this step, however often it is delivered or run."""
        return str(self._claim.idempotency_key)

    @property
    def undone(self) -> tuple[UndoneStep, ...]:
        """For a compensation handler: the steps it takes back, newest first, as the records have them."""
        return self._claim.undone

    def http(self, service: str) -> OutboundService:
        """Return the client of an outside service named in the settings.

        Raises:
            PermanentError: the business transaction is open; an outside call would hold its locks.
        """
        if self._session is not None:
            raise PermanentError(
                f"Task {self.job.type!r} calls {service!r} after it has used ctx.db.",
                "Make all outside calls first, then write: ctx.db opens the transaction that finishes the step.",
            )
        return self._services.outbound(service, self.idempotency_key)

    @property
    def cases(self) -> Cases:
        """Where definitions of cases come from, for the process that runs them.

        Raises:
            PermanentError: this worker knows none.
        """
        if self._services.cases is None:
            raise PermanentError("This worker has no definitions of cases.", "Run it with `fleet worker`.")
        return self._services.cases

    @property
    def db(self) -> AsyncSession:
        """The transaction that finishes this step: what is written commits with the step's record, or not at all."""
        if self._session is None:
            self._session = self._open_session()
            self._session.info[ACCESS] = self._access()
        return self._session

    def get_model(self, name: str) -> type[Any]:
        """Return a data model that the workflow declares; rows of it are read and written through `db`.

        Raises:
            PermanentError: there is none of this name, or the workflow does not declare it.
        """
        from zeebe_fleet.workers.contract.data_models import data_model, undeclared

        try:
            model = data_model(name)
        except DefinitionError as error:
            raise PermanentError(error.message, error.suggestion) from None
        if name not in self._declared:
            raise undeclared(name, self.job.process_name)
        return model

    async def at_work(self, awaitable: Awaitable[T]) -> T:
        """Await something for code in another thread: one thing at a time, and nothing after the end."""
        self._turn = self._turn or asyncio.Lock()
        async with self._turn:
            if self._is_closed:
                raise StaleError(f"The work on step {self._claim.step_id} was ended.")
            return await awaitable

    @property
    def session(self) -> AsyncSession | None:
        """The business transaction, if the action has opened it."""
        return self._session

    async def flush(self) -> None:
        """Send pending business rows, so that the database's objections are the action's own errors."""
        if self._session is not None:
            await self._session.flush()

    async def close(self) -> None:
        """Roll back what was not committed."""
        if self._turn is not None:
            async with self._turn:
                self._is_closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @property
    def _declared(self) -> frozenset[str]:
        return self._services.data_models.get(self.job.process_name, frozenset())

    def _access(self) -> Access:
        if not self._declared:
            return Access(self.job.process_name, self.action)
        from zeebe_fleet.workers.contract.data_models import tables_of

        return Access(self.job.process_name, self.action, tables_of(self._declared))

    def secret(self, name: str) -> str:
        """Return a credential by name; it is kept out of logs, variables and incidents."""
        try:
            return self._services.secrets[name]
        except KeyError:
            raise PermanentError(
                f"There is no secret {name!r}.", f"Set FLEET_SECRETS__{name.upper()} for the worker."
            ) from None


def _no_service(name: str) -> OutboundService:
    raise DefinitionError(f"There is no outbound service {name!r}.", f"Set FLEET_SERVICES__{name.upper()}__BASE_URL.")
