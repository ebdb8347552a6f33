"""A time that is written out can be read: a date, a duration, a cycle, or cron; so can a due date.

Why: A timer that cannot be read is an incident, and one that starts a process has nobody's variables to read.
Fix: Write times as ISO 8601 has them, as PT15M, 2026-03-01T09:00:00Z or R3/PT10M, or cron with seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from zeebe_fleet.bpmn.tooling.expressions import When, Written, written_in
from zeebe_fleet.bpmn.tooling.feel_reads import reads_of
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject
from zeebe_fleet.bpmn.tooling.times import wrong_time
from zeebe_fleet.engine import feel

_RESULTS: dict[str, tuple[type, ...]] = {
    "date": (feel.DateTime, date),
    "duration": (feel.DaysTime, feel.YearsMonths),
    "cycle": (),
}
_NOW_MS = 1_767_225_600_000
"""Some moment: what an expression without variables gives has the same type at any."""


@rule(severity="error", engine="^Invalid .* format '")
def timers_can_be_read(subject: Subject) -> Iterator[Finding]:
    for written in written_in(subject.document, subject.process):
        if not written.kind and written.when is not When.NEVER:
            continue
        for message in _wrong(written):
            yield subject.wrong(written.owner, message, _suggestion(written))


def _wrong(written: Written) -> Iterator[str]:
    if not written.feel:
        if written.kind and (told := wrong_time(written.kind, written.text.strip())):
            yield f"Its {written.what} {written.shown} {told}."
        return
    try:
        reads = reads_of(written.feel)
    except feel.FeelSyntaxError:
        return
    if reads.paths and written.when is When.NEVER:
        yield (
            f"Its {written.what} reads {reads.paths[0][0]!r}, but is computed when the process is deployed, "
            "when there are no variables."
        )
    elif not reads.paths and written.kind:
        yield from _wrong_result(written)


def _wrong_result(written: Written) -> Iterator[str]:
    try:
        value: Any = feel.parse(written.feel).evaluate(lambda _: feel.MISSING, _NOW_MS)
    except feel.FeelFailure as error:
        yield f"Its {written.what} {written.shown} fails: {error}"
        return
    if isinstance(value, str):
        if told := wrong_time(written.kind, value):
            yield f"Its {written.what} gives {value!r}, which {told}."
    elif not isinstance(value, _RESULTS[written.kind]):
        yield f"Its {written.what} {written.shown} gives {'null' if value is None else 'no time'}."


def _suggestion(written: Written) -> str:
    if written.when is When.NEVER and written.feel:
        return "Write it out, or compute it from now() alone."
    return {
        "duration": "Write how long, as PT15M or P1D.",
        "cycle": "Write how often and how long between, as R3/PT10M, or cron: 0 0 9 * * MON-FRI.",
    }.get(written.kind, "Write a moment with its offset, as 2026-03-01T09:00:00Z.")
