"""Each lint rule on case definitions: one that is right, and the same with what the rule finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from zeebe_fleet.bpmn.shipped import PROCESSES
from zeebe_fleet.bpmn.tooling.case import CASE
from zeebe_fleet.bpmn.tooling.case.rules import CASE_RULES
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.lint import UNREADABLE, lint_path

RIGHT = """\
name: leave
version: 1.0.0
description: Somebody wants to be away.
job_types: {leave.book: {description: Books it., errors: [TOO_MANY], output: {type: object}}}
steps:
  - {id: long, kind: decision, conditions: [{outcome: yes_it_is, when: days > 3}], default: no_it_is_not}
  - id: decide
    kind: human
    candidate_groups: [managers]
    due: P3D
    fields: [{type: textfield, key: why}]
    actions:
      - {id: grant}
      - {id: refuse, data: {type: object, required: [why]}}
  - {id: book, kind: system, job_type: leave.book, inputs: {of: days + 1}}
  - {id: granted, kind: final, status: GRANTED}
  - {id: refused, kind: final, status: REFUSED}
transitions:
  - {from: long, outcome: yes_it_is, to: decide}
  - {from: long, outcome: no_it_is_not, to: book}
  - {from: decide, action: grant, to: book}
  - {from: decide, action: refuse, to: refused}
  - {from: book, to: granted}
  - {from: book, error: TOO_MANY, to: decide}
input: {type: object, properties: {days: {type: integer}}}
"""

#: rule: what to write instead of what, the line of the finding, and what it names
WRONG: dict[str, list[tuple[str, str, int, str]]] = {
    "case-ids-are-unique": [
        ("id: granted,", "id: refused,", 17, "refused"),
        ("{id: grant}", "{id: refuse}", 7, "decide"),
        ("action: grant,", "action: refuse,", 22, "decide"),
        ("[{outcome", "[{outcome: yes_it_is, when: x}, {outcome", 6, "long"),
    ],
    "case-steps-are-reachable": [("action: refuse, to: refused", "action: refuse, to: granted", 17, "refused")],
    "case-transitions-lead-somewhere": [
        ("to: granted", "to: nowhere", 23, "book"),
        ("{from: book, to", "{from: boook, to", 23, "boook"),
        ("action: grant,", "action: grunt,", 21, "decide"),
        ("action: grant,", "outcome: grant,", 21, "decide"),
        ("error: TOO_MANY", "error: TOO_FEW", 24, "book"),
        ("{from: book, to: granted}", "{from: granted, to: book}", 23, "granted"),
        ("outcome: yes_it_is, to", "outcome: perhaps, to", 19, "long"),
    ],
    "case-comes-to-an-end": [
        (
            "{from: decide, action: grant, to: book}\n  - {from: decide, action: refuse, to: refused}\n"
            "  - {from: book, to: granted}",
            "{from: decide, action: grant, to: book}\n  - {from: decide, action: refuse, to: book}\n"
            "  - {from: book, to: decide}",
            6,
            "long",
        ),
        (
            "{id: granted, kind: final, status: GRANTED}\n  - {id: refused, kind: final, status: REFUSED}",
            "{id: granted, kind: human, actions: [{id: a}]}\n  - {id: refused, kind: human, actions: [{id: a}]}",
            6,
            "long",
        ),
    ],
    "case-decisions-lead-on": [
        (", default: no_it_is_not", "", 6, "long"),
        ("outcome: yes_it_is, to", "outcome: no_it_is_not, to", 6, "long"),
    ],
    "case-actions-lead-on": [("action: grant,", "action: refuse,", 13, "decide")],
    "case-jobs-lead-on": [
        ("{from: book, to: granted}", "{from: decide, action: grant, to: granted}", 15, "book"),
        ("error: TOO_MANY, to", "error: OTHER, to", 15, "book"),
    ],
    "case-expressions-can-be-parsed": [
        ("days > 3", "days >", 6, "long"),
        ("days + 1", "'(days'", 15, "book"),
        ("P3D", "'= now( +'", 10, "decide"),
        ("[managers]", "['= the manager of(']", 9, "decide"),
    ],
    "case-job-types-are-declared": [
        ("job_type: leave.book", "job_type: leave.other", 15, "book"),
        ("{leave.book: {", "{leave.none: {description: x}, leave.book: {", 4, "leave.none"),
    ],
    "case-decisions-come-to-something": [("yes_it_is, to: decide", "yes_it_is, to: long", 6, "long")],
    "case-actions-can-be-filled-in": [("key: why}", "key: whence}", 14, "decide")],
    "case-fields-are-its-own": [("key: why}", "key: case_step.id}, {type: textfield, key: why}", 7, "decide")],
    "case-variables-are-given": [
        ("days > 3", "day > 3", 6, "long"),
        ("days + 1", "days + why + when", 15, "book"),
        ("due: P3D", "due: = deadline", 10, "decide"),
    ],
    "case-people-are-named": [("candidate_groups: [managers]", "description: Whose?", 7, "decide")],
    "case-has-the-name-of-its-folder": [("name: leave", "name: holiday", 1, "holiday")],
}


def findings(tmp_path: Path, text: str) -> list[Finding]:
    """Return what lint finds in a definition."""
    folder = tmp_path / "leave"
    folder.mkdir()
    (folder / CASE).write_text(text)
    return lint_path(folder)


def test_lint_leaves_a_right_definition_alone(tmp_path: Path) -> None:
    """No rule complains about what is right."""
    assert findings(tmp_path, RIGHT) == []


@pytest.mark.parametrize(
    ("rule", "old", "new", "line", "named"),
    [(rule, *case) for rule, cases in WRONG.items() for case in cases],
)
def test_rule_finds_the_culprit(tmp_path: Path, rule: str, old: str, new: str, line: int, named: str) -> None:
    """The finding names the step and its line, how bad it is, and what to do."""
    assert old in RIGHT
    found = [one for one in findings(tmp_path, RIGHT.replace(old, new, 1)) if one.rule == rule]
    assert found
    assert (found[0].line, found[0].element_id) == (line, named), found
    assert found[0].suggestion
    assert found[0].severity


def test_every_rule_has_a_text_and_a_culprit() -> None:
    """What, why and how to mend it; and a definition that breaks it."""
    for rule in CASE_RULES.values():
        assert "\n\nWhy: " in rule.text
        assert "\nFix: " in rule.text
    assert sorted(CASE_RULES) == sorted(WRONG)


def test_lint_finds_cases_among_processes(tmp_path: Path) -> None:
    """A folder of processes is linted with its cases; what cannot be read is a finding with its line."""
    folder = tmp_path / "processes" / "leave"
    folder.mkdir(parents=True)
    (folder / CASE).write_text(RIGHT + "colour: red\n")
    (found,) = lint_path(tmp_path / "processes")
    assert (found.rule, found.line, found.file) == (UNREADABLE, 26, str(folder / CASE))
    (again,) = lint_path(folder / CASE)
    assert again == found


def test_process_beside_a_case_is_refused(tmp_path: Path) -> None:
    """A folder is a case or a process, and says so when it is both."""
    folder = tmp_path / "leave"
    folder.mkdir()
    (folder / CASE).write_text(RIGHT)
    (folder / "manifest.yaml").write_text("name: leave\nversion: 1.0.0\ndescription: x\n")
    assert any(one.rule == UNREADABLE and "not both" in one.message for one in lint_path(folder))


def test_shipped_case_is_in_order() -> None:
    """The case that ships passes everything."""
    assert lint_path(PROCESSES / "expense_approval") == []


def test_example_of_the_page_is_in_order(tmp_path: Path) -> None:
    """What the documents show can be taken as it is."""
    page = (PROCESSES.parent / "docs/how-to/cases.md").read_text()
    folder = tmp_path / "travel_request"
    folder.mkdir()
    (folder / CASE).write_text(page.split("```yaml\n")[1].split("```")[0])
    assert lint_path(folder) == []
