"""A Camunda Form as somebody wrote it: bounded, of the shape that is gone through, its patterns fit for use.

Source: https://docs.camunda.io/docs/components/modeler/forms/camunda-forms-reference/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zeebe_fleet.bpmn.tooling.patterns import check_pattern
from zeebe_fleet.workers.contract.bounded import NotJson, json_of
from zeebe_fleet.workers.contract.errors import DefinitionError

MAX_BYTES = 1_048_576
_LEVELS = 60
_VALUES = 50_000


def form_of(text: bytes | str, where: str) -> dict[str, Any]:
    """Read a form.

    Args:
        where: what a refusal begins with: the file, or the element that holds it.

    Raises:
        DefinitionError: it is none, is too large, or has a pattern that cannot be matched.
    """
    try:
        form = json_of(text, most_bytes=MAX_BYTES, levels=_LEVELS, values=_VALUES)
    except NotJson as error:
        told = str(error).replace("It is not JSON", "not JSON", 1)
        raise DefinitionError(f"{where}: {told}", "Export the form again from the modeler.") from None
    if not isinstance(form, dict):
        raise DefinitionError(f"{where}: not a JSON object.", "Export the form again from the modeler.")
    for component in _components(form, where):
        rules = component.get("validate")
        if isinstance(rules, Mapping) and rules.get("pattern"):
            check_pattern(rules["pattern"], f"{where}: field {str(component.get('key', ''))[:100]!r}")
    return form


def _components(part: Mapping[str, Any], where: str) -> Iterator[Mapping[str, Any]]:
    found = part.get("components") or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise DefinitionError(f"{where}: its components are no list of objects.", "Export the form again.")
    for component in found:
        yield component
        yield from _components(component, where)
