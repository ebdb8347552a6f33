"""A run for people, as JSON, and as JUnit's XML."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lxml import etree
from rich.console import Console
from rich.text import Text

from zeebe_fleet.bpmn.tooling.scenarios.coverage import Coverage, Share
from zeebe_fleet.deploy.scenarios.course import Failure
from zeebe_fleet.deploy.scenarios.play import Outcome, Verdict

_SHOWN = 8
"""Ids of what was not run, on a line."""


def show_verdict(verdict: Verdict, console: Console) -> None:
    """Print a test case that is over."""
    failure = verdict.failure
    mark, style = ("✔", "green") if failure is None else ("✘", "bold red")
    line = Text(mark, style).append(f" {verdict.process_name}: {verdict.case.name}", "")
    console.print(line.append(f"  {verdict.took_s:.1f} s", "dim"))
    if failure is not None:
        for name, told in failed_lines(verdict, failure):
            console.print(Text(f"    {name:<9}", "dim").append(told, ""))


def failed_lines(verdict: Verdict, failure: Failure) -> list[tuple[str, str]]:
    """Return what is to be said of a failure, line by line."""
    difference = failure.difference
    at = f"{shown_path(verdict.case.file)}:{failure.step.line}  {failure.step.instruction.type}"
    lines = [("at", at), ("expected", difference.expected), ("seen", difference.seen)]
    lines += [("path", path) for path in failure.path]
    return [*lines, ("hint", difference.hint)] if difference.hint else lines


def show_coverage(found: Sequence[Coverage], console: Console) -> None:
    """Print how much was run of each process."""
    if not found:
        return
    width = max(len(one.process_name) for one in found) + 2
    console.print(f"\n{'Coverage':<{width}}{'elements':>16}{'flows':>16}{'compensation':>16}", style="bold")
    for one in found:
        shares = "".join(f"{_share(share):>16}" for share in (one.elements, one.flows, one.handlers))
        console.print(f"{one.process_name:<{width}}{shares}")
        for what, share in (("elements", one.elements), ("flows", one.flows), ("handlers", one.handlers)):
            if share.missing:
                more = " …" if len(share.missing) > _SHOWN else ""
                console.print(f"  {what} not run: {', '.join(share.missing[:_SHOWN])}{more}", style="dim")


def show_end(outcome: Outcome, console: Console) -> None:
    """Print the last lines."""
    if outcome.derived:
        names = ", ".join(sorted(outcome.derived))
        console.print(f"Flows of {names} are concluded from elements: this engine does not tell them.", style="yellow")
    if outcome.missed:
        console.print(f"Coverage may be higher: {outcome.missed}", style="yellow")
    for one in outcome.coverage:
        if not one.elements.counted:
            console.print(f"No scenario runs {one.process_name}.", style="yellow")
    failed, total = len(outcome.failed), len(outcome.verdicts)
    counted = f"{total - failed} of {total} test cases passed, in {outcome.took_s:.1f} s."
    console.print(f"\n{counted}", style="bold red" if failed else "bold green")


def to_json(outcome: Outcome) -> str:
    """Return a run as JSON."""
    verdicts = sorted(outcome.verdicts, key=lambda one: (str(one.case.file), one.case.line))
    report = {
        "passed": not outcome.failed,
        "tookS": round(outcome.took_s, 3),
        "testCases": [_verdict_json(one) for one in verdicts],
        "coverage": [
            {**one.to_json(), "flowsDerived": one.process_name in outcome.derived} for one in outcome.coverage
        ],
    }
    return json.dumps(report, indent=2, ensure_ascii=False)


def to_junit(outcome: Outcome) -> str:
    """Return a run as JUnit's XML, a suite for each process."""
    root = etree.Element("testsuites", name="fleet test", time=f"{outcome.took_s:.3f}")
    for process in dict.fromkeys(one.process_name for one in outcome.verdicts):
        verdicts = [one for one in outcome.verdicts if one.process_name == process]
        failures = sum(one.failure is not None for one in verdicts)
        suite = etree.SubElement(
            root,
            "testsuite",
            name=process,
            tests=str(len(verdicts)),
            failures=str(failures),
            errors="0",
            time=f"{sum(one.took_s for one in verdicts):.3f}",
        )
        for one in verdicts:
            _junit_case(suite, one)
    return etree.tostring(root, pretty_print=True, encoding="unicode")


def shown_path(file: Path) -> str:
    """Return a path as somebody here would write it."""
    path = os.path.relpath(file)
    return str(file) if path.startswith("..") else path


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    told: dict[str, Any] = {
        "process": verdict.process_name,
        "file": shown_path(verdict.case.file),
        "line": verdict.case.line,
        "name": verdict.case.name,
        "passed": verdict.failure is None,
        "tookS": round(verdict.took_s, 3),
    }
    if verdict.failure is not None:
        failure = verdict.failure
        told["failure"] = {
            "line": failure.step.line,
            "instruction": failure.step.instruction.type,
            "expected": failure.difference.expected,
            "seen": failure.difference.seen,
            "path": list(failure.path),
            "hint": failure.difference.hint,
        }
    return told


def _junit_case(suite: etree._Element, verdict: Verdict) -> None:
    case = etree.SubElement(
        suite,
        "testcase",
        name=_printable(verdict.case.name),
        classname=verdict.process_name,
        file=shown_path(verdict.case.file),
        line=str(verdict.case.line),
        time=f"{verdict.took_s:.3f}",
    )
    if verdict.failure is not None:
        lines = failed_lines(verdict, verdict.failure)
        failure = etree.SubElement(case, "failure", message=_printable(dict(lines)["expected"]))
        failure.text = _printable("\n".join(f"{name}: {told}" for name, told in lines))


def _printable(text: str) -> str:
    """Return text that XML can hold."""
    return "".join(one if one.isprintable() or one in "\n\t" else "�" for one in text)


def _share(share: Share) -> str:
    if not share.there:
        return "–"
    return f"{share.counted}/{len(share.there)} {int(share.percent)} %"
