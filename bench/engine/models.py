"""What the engine works on: plain tasks, tasks with what usual models have, and one that nobody works on."""

from __future__ import annotations

from itertools import pairwise

from bench.naming import job_type
from bench.workload import TASKS, process, service_task

RICH_VARIABLES = '{"item":{"amount":41,"country":"GB"},"limit":10}'
WAITING_VARIABLES = '{"item":1,"customer":"Ada Lovelace","amount":5000}'
RICH_RESULT = '{"score":7}'
_MAPPINGS = (
    '<zeebe:ioMapping><zeebe:input source="=item.amount + 1" target="amount" />'
    '<zeebe:output source="=score * 2" target="score{number}" /></zeebe:ioMapping>'
)
_CONDITION = "=item.amount &gt; limit and item.country = &quot;GB&quot;"


def plain(prefix: str, tasks: int = TASKS) -> str:
    """Service tasks in a row."""
    parts = [service_task(f"task-{number}", job_type(prefix)) for number in range(1, tasks + 1)]
    return _row(prefix, parts, [f"task-{number}" for number in range(1, tasks + 1)])


def rich(prefix: str) -> str:
    """Service tasks in a row, each with mappings, and behind each a gateway that asks two things."""
    parts, between = [], []
    for number in range(1, TASKS + 1):
        parts += [
            service_task(f"task-{number}", job_type(prefix), extensions=_MAPPINGS.format(number=number)),
            f'<exclusiveGateway id="gate-{number}" default="no-{number}" />',
            f'<sequenceFlow id="no-{number}" sourceRef="gate-{number}" targetRef="end" />',
        ]
        between += [f"task-{number}", f"gate-{number}"]
    return _row(prefix, parts, between)


def waiting(prefix: str) -> str:
    """One service task that nobody works on."""
    return _row(prefix, [service_task("task-1", f"{prefix}.nobody")], ["task-1"])


def _row(prefix: str, parts: list[str], order: list[str]) -> str:
    places = ["start", *order, "end"]
    flows = [_flow(before, after) for before, after in pairwise(places)]
    return process(prefix, "".join(['<startEvent id="start" />', *parts, *flows, '<endEvent id="end" />']))


def _flow(before: str, after: str) -> str:
    name = f"{before}-to-{after}"
    if not before.startswith("gate"):
        return f'<sequenceFlow id="{name}" sourceRef="{before}" targetRef="{after}" />'
    condition = f"<conditionExpression>{_CONDITION}</conditionExpression>"
    return f'<sequenceFlow id="{name}" sourceRef="{before}" targetRef="{after}">{condition}</sequenceFlow>'
