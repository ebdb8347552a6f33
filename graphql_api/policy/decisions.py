"""What one principal may see and do."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from zeebe_fleet.workers.contract.api_ports import Seen
from zeebe_fleet.workers.contract.api_records import ActivityRecord, WorkflowRecord
from zeebe_fleet.workers.contract.audience import CLOSED, ProcessAccess, has_overview
from zeebe_fleet.workers.contract.principal import OPERATOR_ROLE, Principal
from zeebe_fleet.workers.contract.refusals import NotAllowed, UnknownProcess, WorkflowNotFound

_FRESH_S = 2.0
"""How long what manifests say is believed; a deployment counts after that."""


class Accesses:
    """Who may start and see each process, as the records say it: read anew every two seconds while it is asked for."""

    def __init__(self, read: Callable[[], Awaitable[Mapping[str, ProcessAccess]]]) -> None:
        self._read = read
        self._read_at = -_FRESH_S
        self.by_process: Mapping[str, ProcessAccess] = {}

    async def know(self, process_name: str) -> None:
        """Read at once what nobody has heard of: it may have been deployed just now."""
        if process_name not in self.by_process:
            await self.renew()

    async def freshen(self) -> None:
        """Read again what is older than that."""
        if time.monotonic() - self._read_at >= _FRESH_S:
            await self.renew()

    async def renew(self) -> None:
        """Read again."""
        begun_at = time.monotonic()
        self.by_process = await self._read()
        self._read_at = begun_at


@dataclass(frozen=True, slots=True)
class Policy:
    """Decides for one principal; what is denied looks like what is not there.

    Args:
        accesses: who may start and see each process, by its name.
        deployer_groups: whose members may deploy by starting, beside operators.
    """

    principal: Principal
    accesses: Mapping[str, ProcessAccess]
    deployer_groups: frozenset[str] = frozenset()

    @property
    def deploys_by_starting(self) -> bool:
        """Whether a start may deploy the published version it names: for operators, and groups that are set."""
        return self.principal.has_role(OPERATOR_ROLE) or not self.deployer_groups.isdisjoint(self.principal.groups)

    @property
    def has_overview(self) -> bool:
        """Whether everything may be seen: by operators, administrators and services."""
        return has_overview(self.principal)

    def starts(self, process_name: str) -> bool:
        """Whether a process may be started: by operators, and whom its manifest names."""
        return self.accesses.get(process_name, CLOSED).may_start(self.principal)

    def sees_all_of(self, process_name: str) -> bool:
        """Whether all workflows of a process may be seen: by operators, and whom its manifest names."""
        return self.accesses.get(process_name, CLOSED).may_see(self.principal)

    def sees_workflow(self, record: WorkflowRecord) -> bool:
        """Whether a workflow may be seen: by whoever started it, and who sees all of its process."""
        return self.principal.is_same(record.principal) or self.sees_all_of(record.definition_name)

    def reads_data(self, record: WorkflowRecord) -> bool:
        """Whether variables of a workflow may be read: by operators, services, and whoever started it."""
        return self.has_overview or self.principal.is_same(record.principal)

    def changes(self, record: WorkflowRecord) -> bool:
        """Whether a workflow may be cancelled, retried or run again: by operators and whoever started it."""
        return self.principal.has_role(OPERATOR_ROLE) or self.principal.is_same(record.principal)

    def sees_activity(self, record: ActivityRecord) -> bool:
        """Whether an activity may be seen: by operators, its candidates, whoever has it; anybody's by anybody."""
        return record.may_be_seen_by(self.principal)

    def seen(self) -> Seen | None:
        """Return what a list of workflows is restricted to; nothing for who sees everything."""
        if self.has_overview:
            return None
        return Seen(self.principal, tuple(sorted(name for name in self.accesses if self.sees_all_of(name))))

    def known_processes(self) -> tuple[str, ...] | None:
        """Return the processes that may be known of: started, or seen; nothing for who sees everything."""
        if self.has_overview:
            return None
        return tuple(sorted(name for name in self.accesses if self.starts(name) or self.sees_all_of(name)))

    def knows(self, process_name: str, said: ProcessAccess | None) -> bool:
        """Whether a published definition may be known of: by what is deployed says, or else by what itself says."""
        access = self.accesses.get(process_name) or said or CLOSED
        return access.may_start(self.principal) or access.may_see(self.principal)

    def starts_published(self, process_name: str, said: ProcessAccess) -> bool:
        """Whether a published definition may be started, which need not be deployed yet."""
        return self.accesses.get(process_name, said).may_start(self.principal)

    def counts(self, process_name: str, said: ProcessAccess | None) -> bool:
        """Whether it may be known how many workflows run on a published definition."""
        return (self.accesses.get(process_name) or said or CLOSED).may_see(self.principal)

    def check_start(self, process_name: str) -> None:
        """Let a process be started.

        Raises:
            UnknownProcess: it may not be, or there is none.
        """
        if not self.starts(process_name):
            raise UnknownProcess(process_name)

    def check_seen(self, record: WorkflowRecord | None) -> WorkflowRecord:
        """Return a workflow that may be seen.

        Raises:
            WorkflowNotFound: it may not be, or there is none.
        """
        if record is None or not self.sees_workflow(record):
            raise WorkflowNotFound
        return record

    def check_operated(self, record: WorkflowRecord | None) -> WorkflowRecord:
        """Return a workflow to who operates.

        Raises:
            WorkflowNotFound: there is none, or whoever asks is no operator.
        """
        if record is None or not self.principal.has_role(OPERATOR_ROLE):
            raise WorkflowNotFound
        return record

    def check_change(self, record: WorkflowRecord) -> None:
        """Let a workflow that is seen be changed.

        Raises:
            NotAllowed: it may be seen, but no more.
        """
        if not self.changes(record):
            raise _denied(self.principal, OPERATOR_ROLE)

    def check_roles(self, *roles: str) -> None:
        """Let only holders of one of the roles, and administrators, pass.

        Raises:
            NotAllowed: the principal holds none of them.
        """
        if not any(self.principal.has_role(role) for role in roles):
            raise _denied(self.principal, *roles)

    def check_service(self) -> None:
        """Let only the fleet's services pass, not even administrators.

        Raises:
            NotAllowed: the principal is a person.
        """
        if not self.principal.is_service:
            raise NotAllowed(
                f"{self.principal.subject} is not the human-task adapter.", "Send the service's bearer token."
            )


def _denied(principal: Principal, *roles: str) -> NotAllowed:
    return NotAllowed(f"{principal.subject} may not do this.", f"It takes the role {' or '.join(roles)}.")
