"""Deployed forms: kept for whoever shows them; the engine looks at their id alone.

Source: https://docs.camunda.io/docs/components/modeler/forms/camunda-forms-reference/
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zeebe_fleet.engine.model import Refused

_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FormDefinition:
    """One version of a form."""

    key: int
    identity: str
    version: int
    version_tag: str
    deployment_key: int
    resource_name: str
    text: str

    def packed(self) -> list[Any]:
        """Return its fields."""
        head = [self.key, self.identity, self.version, self.version_tag, self.deployment_key]
        return [*head, self.resource_name, self.text]


def unpacked(fields: Sequence[Any]) -> FormDefinition:
    """Make a form of its fields."""
    return FormDefinition(*fields)


def head_of(name: str, content: bytes) -> tuple[str, str]:
    """Return the id and the version tag of a form.

    Raises:
        Refused: it is none.
    """
    if len(content) > _MOST_BYTES:
        raise Refused(f"'{name}': larger than {_MOST_BYTES} bytes")
    try:
        form = json.loads(content)
    except (ValueError, RecursionError):
        raise Refused(f"'{name}': Failed to parse formId: the file is no JSON") from None
    identity = form.get("id") if isinstance(form, dict) else None
    if not isinstance(identity, str) or not identity.strip():
        raise Refused(f"'{name}': Expected the form id to be present, but none given")
    tag = form.get("versionTag")
    return identity, tag if isinstance(tag, str) else ""
