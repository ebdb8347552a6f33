"""Holds a package against every rule: how bad a finding is here, what is waived, and what the engine says already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from zeebe_fleet.bpmn.tooling.document import DanglingReference
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.rule import Level, Rule, severity_of
from zeebe_fleet.bpmn.tooling.rules import RULES
from zeebe_fleet.bpmn.tooling.subject import Subject
from zeebe_fleet.workers.contract.errors import DefinitionError

MAX_FINDINGS = 100
"""Of one rule in one package; nobody reads on."""
UNREADABLE = "package-is-readable"
_LAST = "waivers-are-used"
"""Known when all others have been asked."""


def judge(subject: Subject) -> list[Finding]:
    """Return what is wrong, rule by rule; where a gate finds something, that alone."""
    for gate in (one for one in RULES.values() if one.gate):
        if found := list(_asked(gate, subject)):
            return found
    others = sorted((one for one in RULES.values() if not one.gate), key=lambda one: one.name == _LAST)
    return list(_once(finding for rule in others for finding in _asked(rule, subject)))


def _once(found: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out what was said: several rules may meet the same thing that cannot be read."""
    said: set[tuple[str, int, str]] = set()
    for finding in found:
        key = (finding.rule, finding.line, finding.message)
        if finding.rule != UNREADABLE or key not in said:
            said.add(key)
            yield finding


def _asked(rule: Rule, subject: Subject) -> Iterator[Finding]:
    severity = severity_of(_level(rule, subject))
    if severity is None or (rule.manifest and not subject.has_manifest):
        return
    told = 0
    try:
        for finding in rule.find(subject):
            if told >= MAX_FINDINGS:
                return
            if not (_is_waived(rule, finding, subject) or _is_said(rule, finding, subject)):
                told += 1
                yield replace(finding, rule=rule.name, severity=_lighter(finding.severity, severity))
    except DanglingReference:
        return  # there are rules for what leads nowhere
    except DefinitionError as error:
        finding = unreadable(str(subject.package.model_file), error)
        if finding.element_id not in {problem.path.partition(" > ")[0] for problem in subject.refused}:
            yield finding
    except Exception as error:
        yield _broke(rule, subject, error)


def _broke(rule: Rule, subject: Subject, error: Exception) -> Finding:
    """Say that a rule is at its wits' end; people get the findings of all others."""
    told = f"The rule broke on this model: {type(error).__name__}: {str(error)[:200]}."
    file, fix = str(subject.package.model_file), "Please report it with the model; all other rules were asked."
    return Finding(file, "", 1, rule.name, told, fix, Severity.ERROR)


def _level(rule: Rule, subject: Subject) -> Level:
    if rule.waivable and rule.name in subject.manifest.lint.rules:
        return subject.manifest.lint.rules[rule.name]
    return rule.level(alone=subject.alone)


def _lighter(own: Severity | None, of_rule: Severity) -> Severity:
    """A finding may be less bad than others of its rule, never worse."""
    return own if own is not None and of_rule.is_at_least(own) else of_rule


def _is_waived(rule: Rule, finding: Finding, subject: Subject) -> bool:
    waived = [
        place
        for place, waiver in enumerate(subject.manifest.lint.waivers)
        if rule.waivable and waiver.rule == rule.name and waiver.element in ("", finding.element_id)
    ]
    subject.waivers_used.update(waived)
    return bool(waived)


def _is_said(rule: Rule, finding: Finding, subject: Subject) -> bool:
    return bool(rule.engine) and any(
        problem.path.partition(" > ")[0] == finding.element_id and re.search(rule.engine, problem.error)
        for problem in subject.refused
    )


def unreadable(file: str, error: DefinitionError) -> Finding:
    """Say what cannot be read, and where: the error names file and line itself, where it knows them.

    Args:
        file: it, or the folder it is in.
    """
    placed = re.fullmatch(rf"({re.escape(file)}[^:\n]*)(?::(\d+))?: (.*)", error.message, re.DOTALL)
    where, line, message = (placed[1], int(placed[2] or 1), placed[3]) if placed else (file, 1, error.message)
    named = re.match(r"\w+ '([^']+)' ", message)
    element_id = named[1] if named else ""
    return Finding(where, element_id, line, UNREADABLE, message, error.suggestion, Severity.ERROR)
