"""The workflows of one test case, and how the engine and the records see them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from zeebe_fleet.bpmn.tooling.scenarios.coverage import derived_flows
from zeebe_fleet.bpmn.tooling.scenarios.selectors import UserTaskSelector
from zeebe_fleet.deploy.scenarios.script import Script
from zeebe_fleet.deploy.scenarios.stage import Move, Stage, read
from zeebe_fleet.workers.contract.cases import GENERIC_CASE, PROCESS_NAME
from zeebe_fleet.workers.contract.engine_view import InstanceView
from zeebe_fleet.workers.contract.errors import EngineGone, FleetError
from zeebe_fleet.workers.contract.job import ProcessInstanceKey
from zeebe_fleet.workers.contract.records import LIVE

_WORK = """
query ($id: UUID!) {
  workflow(workflowId: $id) {
    processName
    children { workflowId }
    activities { activityId elementId name state version assignee candidateGroups priority dueAt followUpAt createdAt }
  }
}
"""
_MOVES = """
query ($id: UUID!) { workflow(workflowId: $id) { steps { result } } }
"""
_CAMUNDA_STATES = {"CREATED": "OPEN", "CANCELED": "CANCELLED"}
_NEWEST = """
query ($process: String!) {
  workflows(first: 100, filter: {processName: $process}) { edges { node { workflowId processInstanceKey } } }
}
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """A process instance that a case began."""

    process_name: str
    process_instance_key: int
    workflow_id: str
    variables: Mapping[str, Any]


class Instances:
    """Finds what belongs to a case.

    Args:
        stage: where it plays.
        script: what it says of its jobs.
        alone: whether nothing else runs, so that what appears is its own.
    """

    def __init__(self, stage: Stage, script: Script, *, alone: bool) -> None:
        self._stage, self._script, self._alone = stage, script, alone
        self.begun: list[Begun] = []
        self._before: frozenset[str] = frozenset()

    async def open(self) -> None:
        """Note what is there before the case begins."""
        if self._alone:
            self._stage.director.alone = self._script
            found = [await self._of_process(name) for name in self._script.processes]
            self._before = frozenset(str(one["processInstanceKey"]) for some in found for one in some)

    async def start(self, process_name: str, variables: Mapping[str, Any]) -> None:
        """Start a workflow through the API.

        Raises:
            FleetError: it is refused.
        """
        stage = self._stage
        async with stage.director.starting():
            workflow_id = await stage.client.start(process_name, variables)
            key = await self._key_of(workflow_id)
            stage.director.own(self._script, workflow_id, key)
            self.begun.append(Begun(process_name, key, workflow_id, variables))

    async def _key_of(self, workflow_id: str) -> int:
        """Wait until the engine has begun a workflow."""
        ends_at = time.monotonic() + self._stage.timeout_s
        while True:
            workflow = await self._stage.client.workflow(workflow_id)
            if workflow["processInstanceKey"]:
                return int(workflow["processInstanceKey"])
            if workflow["state"] not in LIVE or time.monotonic() > ends_at:
                raise FleetError(f"The engine did not begin it: the workflow is {workflow['state']}.")
            await self._stage.moved((), 0)

    def workflow_id(self, process_name: str) -> str:
        """Return the id of the newest workflow of a process that the case started; empty when there is none."""
        return next((one.workflow_id for one in reversed(self.begun) if one.process_name == process_name), "")

    async def newest(self, process_name: str) -> int | None:
        """Return the key of the case's newest instance of a process, called ones among them."""
        for one in reversed(self.begun):
            if one.process_name == process_name:
                return one.process_instance_key
        async for view, _ in self.views():
            for called in reversed(view.called):
                if called.process_name == process_name:
                    return called.process_instance_key
        if not self._alone:
            return None
        new = [
            one for one in await self._of_process(process_name) if str(one["processInstanceKey"]) not in self._before
        ]
        return int(new[0]["processInstanceKey"]) if new else None

    async def view(self, process_name: str) -> InstanceView | None:
        """Return the newest instance of a process as the engine has it; nothing before it is there."""
        key = await self.newest(process_name)
        return None if key is None else await self._view(key)

    async def views(self) -> AsyncIterator[tuple[InstanceView, str]]:
        """Yield all instances of the case with their processes, what they called after them."""
        ahead = [(one.process_instance_key, one.process_name) for one in self.begun]
        if self._alone:
            ahead += await self._appeared({key for key, _ in ahead})
        for _ in range(1_000):
            if not ahead:
                return
            key, name = ahead.pop(0)
            view = await self._view(key)
            if view is not None:
                yield view, name
                ahead += [(one.process_instance_key, one.process_name) for one in view.called]

    async def work(self, selector: UserTaskSelector) -> list[Mapping[str, Any]]:
        """Return the activities of the case that a selector names, the oldest first."""
        found = [one for each in await self._workflow_ids() for one in await self.work_of(each, selector)]
        if self._stage.has_camunda_tasks:
            found += [one async for one in self._camunda_tasks(selector)]
        return sorted(found, key=_created)

    async def _camunda_tasks(self, selector: UserTaskSelector) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the engine's own user tasks, which are no activities, in the shape of those."""
        async for view, process in self.views():
            wanted = {"processInstanceKey": str(view.process_instance_key)}
            if selector.process_definition_id in (None, process):
                for one in await self._stage.find("user-tasks", wanted, "creationDate"):
                    if _fits(selector, one):
                        times = {"createdAt": "creationDate", "dueAt": "dueDate", "followUpAt": "followUpDate"}
                        state = _CAMUNDA_STATES.get(one["state"], one["state"])
                        yield {**one, **{ours: one.get(theirs) for ours, theirs in times.items()}, "state": state}

    async def work_of(self, workflow_id: str, selector: UserTaskSelector) -> list[Mapping[str, Any]]:
        """Return those of one workflow and of what it called."""
        found: list[Mapping[str, Any]] = []
        ahead = [workflow_id]
        while ahead:
            workflow = (await self._stage.client.ask(_WORK, id=ahead.pop(0)))["workflow"]
            ahead += [child["workflowId"] for child in workflow["children"]]
            if selector.process_definition_id in (None, workflow["processName"]):
                found += [one for one in workflow["activities"] if _fits(selector, one)]
        return sorted(found, key=_created)

    async def close(self) -> None:
        """Note what was run where nothing else tells, and leave nothing running; an engine that is gone has nothing."""
        self._script.end()
        with suppress(FleetError, httpx.HTTPError):
            await self._close()
        if self._alone:
            self._stage.director.alone = None

    async def _close(self) -> None:
        await self._note_moves()
        running = []
        async for view, name in self.views():
            if self._stage.trail is None:
                await self._note(view, name)
            if view.state == "ACTIVE":
                running.append(view.process_instance_key)
        for key in running:
            try:
                await self._stage.engine.cancel(ProcessInstanceKey(key))
            except EngineGone:
                continue

    async def moves(self, workflow_id: str) -> list[Move]:
        """Return what a case did, in order."""
        steps = (await self._stage.client.ask(_MOVES, id=workflow_id))["workflow"]["steps"]
        moves = [one["result"]["case_move"] for one in steps if one["result"] and "case_move" in one["result"]]
        return [(one["from"], one["on"], one["to"]) for one in moves]

    async def _note_moves(self) -> None:
        for one in self.begun:
            name = one.process_name
            if name == GENERIC_CASE:
                name = str(one.variables.get(PROCESS_NAME, ""))
            if name in self._stage.definitions:
                self._stage.moves[name] += await self.moves(one.workflow_id)

    async def _note(self, view: InstanceView, name: str) -> None:
        name = GENERIC_CASE if name in self._stage.definitions else name
        stage, entered = self._stage, {one.element_id for one in view.elements}
        stage.elements[name] |= entered
        answer = await stage.http.get(f"/v2/process-instances/{view.process_instance_key}/sequence-flows")
        if answer.is_success:
            stage.flows[name] |= {one["elementId"] for one in read(answer)["items"]}
        elif name in stage.packages:
            package = stage.packages[name]
            stage.flows[name] |= derived_flows(package.document.process(name), entered)
            stage.derived.add(name)

    async def _view(self, key: int) -> InstanceView | None:
        try:
            return await self._stage.look(key)
        except EngineGone:
            return None

    async def _of_process(self, name: str) -> Sequence[Mapping[str, Any]]:
        found = await self._stage.find("process-instances", {"processDefinitionId": name}, "processInstanceKey")
        return [one for one in found if one.get("processDefinitionId") == name]

    async def _appeared(self, known: Iterable[int]) -> list[tuple[int, str]]:
        """Return what began without the API: by a message, a signal, a timer."""
        seen = {*self._before, *map(str, known)}
        return [
            (int(one["processInstanceKey"]), name)
            for name in sorted(self._script.processes)
            for one in await self._of_process(name)
            if str(one["processInstanceKey"]) not in seen and not one.get("parentProcessInstanceKey")
        ]

    async def _workflow_ids(self) -> list[str]:
        ids = [one.workflow_id for one in self.begun]
        if not self._alone:
            return ids
        for key, name in await self._appeared(one.process_instance_key for one in self.begun):
            answer = await self._stage.client.ask(_NEWEST, process=name)
            nodes = (edge["node"] for edge in answer["workflows"]["edges"])
            ids += [one["workflowId"] for one in nodes if int(one["processInstanceKey"] or 0) == key]
        return ids


def _created(activity: Mapping[str, Any]) -> str:
    return str(activity["createdAt"])


def _fits(selector: UserTaskSelector, activity: Mapping[str, Any]) -> bool:
    return selector.element_id in (None, activity["elementId"]) and selector.task_name in (None, activity["name"])
