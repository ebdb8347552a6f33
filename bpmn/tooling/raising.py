"""Which business errors a process raises, and where they are caught."""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element, is_expression
from zeebe_fleet.bpmn.tooling.jobs import error_codes, job_types, takes_errors
from zeebe_fleet.bpmn.tooling.subject import Subject

ALL = ""
"""Stands for every code, where errors are caught."""


def raised_by(subject: Subject, node: Element) -> Iterator[str]:
    """Yield the codes that an element itself raises, by its job or as an event; those computed are left out."""
    for job_type in job_types(node):
        contract = subject.manifest.job_types.get(job_type)
        if contract is not None and takes_errors(node, job_type):
            yield from contract.errors
    if xml.kind(node) == "endEvent":
        yield from (code for code in error_codes(subject.document, node) if code and not is_expression(code))


def caught_around(subject: Subject, node: Element) -> set[str]:
    """Return the codes that are caught at a node or at a scope around it; `ALL` is every code."""
    around = (node, *node.iterancestors())
    events = [event for one in around for event in subject.at_host.get(one.get("id", ""), ())]
    events += [start for one in around for start in subject.beside.get(one, ())]
    return {code for event in events for code in error_codes(subject.document, event)}


def is_caught(code: str, caught: set[str] | frozenset[str]) -> bool:
    """Tell whether a code is, or may be, among those caught: an expression may be any."""
    return bool({code, ALL} & caught) or any(map(is_expression, caught))
