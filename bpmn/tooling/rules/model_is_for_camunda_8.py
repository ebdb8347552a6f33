"""The model is made for Camunda 8, not for another engine.

Why: Camunda 7 and its relatives keep job types, expressions and listeners in names of their own, which Camunda 8 passes
    over: nothing that was meant would run, so the other rules have nothing to look at.
Fix: Convert it, with Camunda's migration analyzer and diagram converter, or draw it anew for Camunda 8.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject
from zeebe_fleet.bpmn.tooling.target import platform_of

_ENGINES: Mapping[str, str] = {
    "http://camunda.org/schema/1.0/bpmn": "Camunda 7",
    "http://activiti.org/bpmn": "Activiti or Camunda 7",
    "http://flowable.org/bpmn": "Flowable",
}
_FIX = "Convert it with Camunda's migration analyzer and diagram converter, or draw it anew for Camunda 8."


@rule(severity="error", gate=True, waivable=False)
def model_is_for_camunda_8(subject: Subject) -> Iterator[Finding]:
    root = subject.document.root
    processes, platform = xml.children(root, "process"), platform_of(root)
    spaces = _spaces(processes)
    if not subject.document.processes or platform == "Camunda Cloud" or (not platform and xml.ZEEBE in spaces):
        return
    named = {"Camunda Platform": "Camunda 7"}.get(platform, "")
    engine = named or next((engine for space, engine in _ENGINES.items() if space in spaces), "")
    if engine:
        yield subject.wrong(processes[0], f"It is made for {engine}, and nothing here can run it.", _FIX)
    elif subject.alone and subject.refused:
        yield _plain(subject)


def _plain(subject: Subject) -> Finding:
    """Tell of BPMN that no engine was named for, and which Camunda 8 would refuse."""
    first = subject.refused[0]
    message = (
        f"Nothing in it is made for Camunda 8, which would refuse it; of {len(subject.refused)} reasons, the first is "
        f"on line {first.line}: {first.error.rstrip('.')}."
    )
    fix = 'If it is a drawing, set isExecutable="false"; else say in a modeler for Camunda 8 how each task is done.'
    return subject.wrong(subject.document.processes[0], message, fix, Severity.WARNING)


def _spaces(processes: list[Element]) -> set[str | None]:
    """Return the namespaces of all elements and attributes in the processes."""
    names = {
        name
        for process in processes
        for element in process.iter(etree.Element)
        for name in (element.tag, *element.attrib)
    }
    return {etree.QName(name).namespace for name in names}
