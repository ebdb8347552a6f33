"""A deployed process, with its model read when it is first run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.model.reading import read

if TYPE_CHECKING:
    from zeebe_fleet.engine.core.behaviour import Behaviour
    from zeebe_fleet.engine.model.elements import Process


class Definition:
    """One version of a process.

    Args:
        behaviours: what runs, by tag and event.
        resource: the file it came in; shared by all processes of the file.
    """

    __slots__ = (
        "_behaviours",
        "_of",
        "_process",
        "bpmn_process_id",
        "deployment_key",
        "key",
        "resource",
        "resource_name",
        "version",
        "version_tag",
    )

    def __init__(
        self,
        key: int,
        bpmn_process_id: str,
        version: int,
        version_tag: str,
        deployment_key: int,
        resource_name: str,
        resource: bytes,
        behaviours: Mapping[tuple[str, str], Behaviour],
    ) -> None:
        self.key = key
        self.bpmn_process_id = bpmn_process_id
        self.version = version
        self.version_tag = version_tag
        self.deployment_key = deployment_key
        self.resource_name = resource_name
        self.resource = resource
        self._behaviours = behaviours
        self._process: Process | None = None
        self._of: dict[str, Behaviour] = {}

    @property
    def process(self) -> Process:
        """The model."""
        if self._process is None:
            model = read(self.resource_name, self.resource)
            self._process = next(one for one in model.processes if one.id == self.bpmn_process_id)
        return self._process

    def behaviour(self, element_id: str) -> Behaviour:
        """What an element does when it runs."""
        found = self._of.get(element_id)
        if found is None:
            element = self.process.elements[element_id]
            found = self._of[element_id] = self._behaviours[element.tag, element.event_name]
        return found

    def described(self) -> list[Any]:
        """What an event says of it: key, process id, version, tag."""
        return [self.key, self.bpmn_process_id, self.version, self.version_tag]
