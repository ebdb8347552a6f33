"""All test cases of a run: those that may, at the same time; those that move the clock or broadcast, one by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from zeebe_fleet.bpmn.tooling.case.reading import CasePackage
from zeebe_fleet.bpmn.tooling.package import ProcessPackage
from zeebe_fleet.bpmn.tooling.scenarios.coverage import Coverage, case_coverage, coverage
from zeebe_fleet.bpmn.tooling.scenarios.file import TestCase
from zeebe_fleet.deploy.scenarios.course import Course, Failure, is_alone
from zeebe_fleet.deploy.scenarios.stage import Stage

AT_ONCE = 6
"""Test cases that are played at the same time."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one test case."""

    process_name: str
    case: TestCase
    failure: Failure | None
    took_s: float


@dataclass(slots=True)
class Outcome:
    """What came of a run."""

    verdicts: list[Verdict] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)
    derived: frozenset[str] = frozenset()
    """Processes whose flows are concluded from their elements."""
    missed: str = ""
    """Why coverage may be lower than it was."""
    took_s: float = 0.0

    @property
    def failed(self) -> list[Verdict]:
        """Those that failed."""
        return [one for one in self.verdicts if one.failure is not None]


@dataclass(frozen=True, slots=True)
class Planned:
    """A test case and the package that it is of."""

    package: ProcessPackage | CasePackage
    case: TestCase

    @property
    def name(self) -> str:
        """Of the process or case definition."""
        return name_of(self.package)


def name_of(package: ProcessPackage | CasePackage) -> str:
    """Return the name of a process or case definition."""
    return package.manifest.name if isinstance(package, ProcessPackage) else package.definition.name


async def play(
    stage: Stage,
    planned: Sequence[Planned],
    counted: Sequence[ProcessPackage | CasePackage],
    tell: Callable[[Verdict], None],
) -> Outcome:
    """Play test cases and count what they cover.

    Args:
        stage: where.
        planned: which.
        counted: whose coverage is wanted: a process may be run by those that call it.
        tell: told of each as soon as it is over.
    """
    begun_s, outcome = time.monotonic(), Outcome()
    room = asyncio.Semaphore(AT_ONCE)

    async def one(case: Planned) -> None:
        async with room:
            verdict = await played(stage, case)
        outcome.verdicts.append(verdict)
        tell(verdict)

    async with asyncio.TaskGroup() as group:
        for case in planned:
            if not is_alone(case.case):
                group.create_task(one(case))
    for case in planned:
        if is_alone(case.case):
            await one(case)
    await stage.sum_up()
    outcome.coverage = [covered(stage, package) for package in counted]
    outcome.derived = frozenset(stage.derived)
    outcome.missed = stage.trail.missed if stage.trail is not None else ""
    outcome.took_s = time.monotonic() - begun_s
    return outcome


async def played(stage: Stage, planned: Planned) -> Verdict:
    """Play one test case."""
    begun_s = time.monotonic()
    failure = await Course(stage, planned.case).play()
    return Verdict(planned.name, planned.case, failure, time.monotonic() - begun_s)


def covered(stage: Stage, package: ProcessPackage | CasePackage) -> Coverage:
    """Count how much of a process or case definition was run so far."""
    name = name_of(package)
    if isinstance(package, CasePackage):
        return case_coverage(package.definition, stage.moves[name])
    return coverage(package.document, package.document.process(name), stage.elements[name], stage.flows[name])
