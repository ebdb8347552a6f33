"""The expressions in the tests of Camunda's FEEL engine, evaluated by both.

Only those are taken whose text and variables are written out; all else is Scala.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.judges.agreement import Answer
from zeebe_fleet.engine import feel

_TEXT = r'(""".*?"""|"(?:[^"\\\n]|\\.)*")'
_ALONE = re.compile(rf"evaluateExpression\(\s*(?:expression\s*=\s*)?{_TEXT}\s*\)", re.DOTALL)
_WITH = re.compile(
    rf"evaluateExpression\(\s*(?:expression\s*=\s*)?{_TEXT}\s*,\s*(?:variables\s*=\s*)?Map\(([^()]*?)\)\s*\)", re.DOTALL
)
_PAIR = re.compile(r'"([^"]+)"\s*->\s*([^,]+)')
_NOW_MS = 1_700_000_000_000


@dataclass(frozen=True)
class Case:
    """One expression with its variables; its id is the file it comes from, and its place there."""

    case_id: str
    expression: str
    variables: Mapping[str, Any]

    def question(self) -> dict[str, Any]:
        """Return what the judge is asked."""
        return {"expression": self.expression, "variables": dict(self.variables)}

    def ours(self) -> Answer:
        """Evaluate it here."""
        known = {name: feel.from_json(json.dumps(value)) for name, value in self.variables.items()}
        try:
            expression = feel.parse(self.expression)
            value = expression.evaluate(lambda name: known.get(name, feel.MISSING), _NOW_MS)
        except (feel.FeelSyntaxError, feel.FeelFailure) as failure:
            return {"failure": str(failure)}
        return {"value": json.loads(feel.to_json(value))}


def cases(folder: Path) -> Iterator[Case]:
    """Yield the cases of a fetched copy of feel-scala."""
    for file in sorted((folder / "src" / "test" / "scala").rglob("*.scala")):
        text = file.read_text("utf-8")
        found = [(one.start(), one[1], "") for one in _ALONE.finditer(text)]
        found += [(one.start(), one[1], one[2]) for one in _WITH.finditer(text)]
        for number, (_, written, given) in enumerate(sorted(found), 1):
            variables = _variables(given)
            if variables is not None:
                yield Case(f"{file.stem} {number}", _text(written), variables)


def _text(written: str) -> str:
    return written[3:-3] if written.startswith('"""') else str(json.loads(written))


def _variables(given: str) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for name, value in _PAIR.findall(given):
        try:
            found[name] = json.loads(value)
        except ValueError:
            return None
    return found
