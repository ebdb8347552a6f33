"""The Camunda that a model is for: named by whoever asks, or by the model itself.

Source: `modeler:executionPlatformVersion`, as Camunda Modeler writes it into each file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from zeebe_fleet.bpmn.tooling.document import Element

_MODELER = "http://camunda.org/schema/modeler/1.0"
_WRITTEN = re.compile(r"(\d+)\.(\d+)")
OLDEST, NEWEST = (8, 6), (8, 10)
TARGETS = ("8.6", "8.7", "8.8", "8.9", "8.10")
_DEFAULT = (8, 9)


@dataclass(frozen=True, slots=True)
class Target:
    """A version of Camunda 8.

    Args:
        number: major and minor, to be compared.
        asked: somebody named it; else it is what the model says, or the default.
    """

    number: tuple[int, int]
    asked: bool = False

    def __str__(self) -> str:
        return "{}.{}".format(*self.number)


def target_named(name: str) -> Target:
    """Return the target of a name in `TARGETS`."""
    major, minor = name.split(".")
    return Target((int(major), int(minor)), asked=True)


def target_of(root: Element) -> Target:
    """Return the version that a model's file says it is for, the oldest that is still maintained at least."""
    written = _WRITTEN.match(root.get(f"{{{_MODELER}}}executionPlatformVersion", ""))
    if platform_of(root) != "Camunda Cloud" or not written:
        return Target(_DEFAULT)
    return Target(min(max((int(written[1]), int(written[2])), OLDEST), NEWEST))


def platform_of(root: Element) -> str:
    """Return the platform that a model's file says it is for; empty when it says nothing."""
    return root.get(f"{{{_MODELER}}}executionPlatform", "")
