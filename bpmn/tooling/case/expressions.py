"""FEEL in a case definition, by the house's one FEEL.

Source: https://docs.camunda.io/docs/components/modeler/feel/what-is-feel/
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zeebe_fleet.engine import feel
from zeebe_fleet.workers.contract.errors import PermanentError

_DURATION = re.compile(r"P(?=\w)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
_DUE: dict[type, str] = {
    feel.DateTime: "it",
    feel.DaysTime: "now() + it",
    feel.YearsMonths: "now() + it",
    str: "date and time(it)",
}
"""How what an expression gives becomes the moment when something is due."""


def feel_of(written: str) -> str:
    """Return an expression without the `=` that it may be written with."""
    return written.strip().removeprefix("=")


def is_duration(written: str) -> bool:
    """Tell whether something is an ISO 8601 duration by itself."""
    return _DURATION.fullmatch(written.strip()) is not None


class Expressions:
    """Evaluates a definition's expressions with the variables of one case, at one moment."""

    def __init__(self, variables: Mapping[str, Any], where: str, now_ms: Callable[[], int] | None = None) -> None:
        self._variables = variables
        self._where = where
        self._now_ms = (now_ms or _now_ms)()

    def value(self, written: str, what: str) -> Any:
        """Evaluate to what JSON can hold.

        Raises:
            PermanentError: it does not parse, or fails.
        """
        try:
            return json.loads(feel.to_json(self._evaluate(written)))
        except (feel.FeelSyntaxError, feel.FeelFailure) as error:
            raise self._failed(written, what, str(error)) from None

    def names(self, written: Sequence[str], what: str) -> list[str]:
        """Return names; those that begin with `=` are evaluated, to one or to several.

        Raises:
            PermanentError: an expression does not parse, fails, or gives no names.
        """
        found: list[str] = []
        for one in written:
            given = self.value(one, what) if one.startswith("=") else one
            names = given if isinstance(given, list) else [given]
            if not names or not all(isinstance(name, str) and name for name in names):
                raise self._failed(one, what, f"it gives {json.dumps(given)[:100]}, which is nobody's name")
            found += names
        return found

    def is_true(self, written: str, what: str) -> bool:
        """Tell whether a condition is true.

        Raises:
            PermanentError: it does not parse, fails, or gives neither: null is what comes of a variable that is missing
                or of another kind, and decides nothing, as at a gateway of the engine.
        """
        found = self.value(written, what)
        if isinstance(found, bool):
            return found
        raise self._failed(written, what, f"it gives {json.dumps(found)[:100]}, not true or false")

    def moment(self, written: str, what: str) -> str | None:
        """Return when something is due, in ISO 8601; null is never.

        Raises:
            PermanentError: it gives neither a duration nor a date and time.
        """
        if is_duration(written):
            written = f'duration("{written.strip()}")'
        try:
            found = self._evaluate(written)
            due = self._run(_DUE[type(found)], {"it": found}) if type(found) in _DUE else found
            said = json.loads(feel.to_json(due))
        except (feel.FeelSyntaxError, feel.FeelFailure) as error:
            raise self._failed(written, what, str(error)) from None
        if (type(found) not in _DUE and found is not None) or (found is not None and said is None):
            raise self._failed(written, what, "it gives neither a duration nor a date and time")
        return str(said) if said is not None else None

    def _evaluate(self, written: str) -> Any:
        return self._run(written, self._variables)

    def _run(self, written: str, variables: Mapping[str, Any]) -> Any:
        def lookup(name: str) -> Any:
            return _value(variables[name]) if name in variables else feel.MISSING

        return feel.parse(feel_of(written)).evaluate(lookup, self._now_ms)

    def _failed(self, written: str, what: str, why: str) -> PermanentError:
        told = f"{self._where}: {what} {written[:200]!r} cannot be evaluated: {why[:300]}."
        return PermanentError(told, "Correct the variables, or publish a corrected version and start again.")


def _value(variable: Any) -> Any:
    return variable if type(variable) in _DUE else feel.from_json(json.dumps(variable))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
