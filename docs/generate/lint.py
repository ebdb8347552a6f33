"""The page on the lint's rules, from the rules themselves and their examples in the tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zeebe_fleet.bpmn.tooling.case.rules import CASE_RULES
from zeebe_fleet.bpmn.tooling.rule import Rule
from zeebe_fleet.bpmn.tooling.rule_text import RuleText
from zeebe_fleet.bpmn.tooling.rules import RULES

_EXAMPLES = Path(__file__).parents[2] / "tests/bpmn/rules"
_LONGEST = 14
"""Lines of an example."""
_HEAD = """\
# Lint

<!-- Written by `make docs` from bpmn/tooling/rules and tests/bpmn/rules. Do not edit. -->

What [`fleet lint`](cli.md#fleet-lint) asks of process packages, of models by themselves, and of case definitions. A
package has a [manifest](manifest.md); somebody's model without one is judged more mildly, and by what needs none. A
rule's severity can be set in the manifest, and what is right as it is can be waived with a reason:

```yaml
lint:
  rules:
    everything-is-named: error
    nothing-overlaps: off
  waivers:
    - rule: every-element-is-reachable
      element: old_way
      reason: Instances of version 1 are still on it.
```

A waiver that waives nothing, one without a reason, and a rule that is not there are findings themselves. What says that
a package can be neither read nor deployed can be neither set nor waived.
"""


def lint_page() -> str:
    """Return the page."""
    return "\n".join(_page())


def _page() -> Iterator[str]:
    yield _HEAD
    yield "| rule | in a package | model alone | what it asks |"
    yield "|---|---|---|---|"
    for rule in RULES.values():
        alone = rule.level(alone=True).replace("off", "–")
        yield f"| [`{rule.name}`](#{rule.name}) | {rule.severity} | {alone} | {_cell(rule.said.what)} |"
    for case in CASE_RULES.values():
        yield f"| [`{case.name}`](#{case.name}) | {case.severity} | – | {_cell(RuleText.read(case.text).what)} |"
    yield ""
    for rule in RULES.values():
        yield from _words(rule.name, rule.said)
        yield from _example(rule)
    for case in CASE_RULES.values():
        yield from _words(case.name, RuleText.read(case.text))


def _words(name: str, said: RuleText) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"{said.what}\n"
    if said.more:
        yield f"{said.more}\n"
    yield f"**Why:** {said.why}\n"
    yield f"**Fix:** {said.fix}\n"
    if said.source:
        yield f"Source: {said.source}\n"


def _example(rule: Rule) -> Iterator[str]:
    """Show what is called `wrong` in the rule's example of a manifest, a decision or a model that is not right."""
    manifest, decision, model = (_EXAMPLES / rule.name / f"invalid.{ending}" for ending in ("yaml", "dmn", "bpmn"))
    is_in_decision = decision.exists() and 'id="wrong"' in decision.read_text("utf-8")
    file = manifest if manifest.exists() else decision if is_in_decision else model
    lines = file.read_text("utf-8").splitlines()
    yield "Wrong:\n"
    yield f"```{'yml' if file is manifest else 'xml'}"
    yield from _dedented(lines if file is manifest else _culprit(lines))
    yield "```\n"


def _culprit(lines: list[str]) -> list[str]:
    """Return the element called `wrong`, from its start tag to its end; without one, the process."""
    begin = next((at for at, line in enumerate(lines) if 'id="wrong"' in line), None)
    if begin is None:
        begin = next(at for at, line in enumerate(lines) if "<bpmn:process" in line)
    indent = len(lines[begin]) - len(lines[begin].lstrip())
    if lines[begin].rstrip().endswith("/>") or "</" in lines[begin]:
        return [lines[begin]]
    end = next(at for at in range(begin + 1, len(lines)) if lines[at].startswith(f"{' ' * indent}</"))
    shown = lines[begin : end + 1]
    return shown if len(shown) <= _LONGEST else [*shown[: _LONGEST - 2], f"{' ' * (indent + 2)}…", shown[-1]]


def _dedented(lines: list[str]) -> Iterator[str]:
    indent = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    yield from (line[indent:] for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
