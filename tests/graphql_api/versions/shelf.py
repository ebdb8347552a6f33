"""A store of published definitions for tests: real files, real keys, and an API that starts workflows by version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zeebe_fleet.adapters.artifacts.folder import FolderStore
from zeebe_fleet.bpmn.tooling.artifact import artifact_of, case_artifact
from zeebe_fleet.bpmn.tooling.artifact.signing import new_key, sign
from zeebe_fleet.bpmn.tooling.manifest import Manifest
from zeebe_fleet.bpmn.tooling.package import ProcessPackage
from zeebe_fleet.workers.contract.artifacts import Artifact, Requirement

EVERYBODY = {"start": "everybody", "see": "everybody"}
_MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="http://bpmn.io/schema/bpmn">
  <bpmn:process id="{name}" isExecutable="true">
    <bpmn:extensionElements>{tag}</bpmn:extensionElements>
    <bpmn:startEvent id="start" />
    <bpmn:sequenceFlow id="to-work" sourceRef="start" targetRef="work" />
    <bpmn:serviceTask id="work">
      <bpmn:extensionElements><zeebe:taskDefinition type="{name}.work" /></bpmn:extensionElements>
    </bpmn:serviceTask>
    <bpmn:sequenceFlow id="to-end" sourceRef="work" targetRef="end" />
    <bpmn:endEvent id="end" />
  </bpmn:process>
</bpmn:definitions>
"""


def model(name: str, version: str = "") -> bytes:
    """Return a process that waits for a job; its version tag is its version, where one is given."""
    tag = f'<zeebe:versionTag value="{version}" />' if version else ""
    return _MODEL.format(name=name, tag=tag).encode()


def package(name: str, version: str, **manifest: Any) -> ProcessPackage:
    """Return a process package, as a folder would hold it."""
    said = {"name": name, "version": version, "description": "Waits for a job.", "access": EVERYBODY, **manifest}
    return ProcessPackage(Path(name), Manifest(**said), model(name, version), model_name=f"{name}.bpmn")


@dataclass
class Shelf:
    """A store in a folder, who may publish there, and the key that signs."""

    folder: Path
    key: str = ""
    lines: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the folder, and a publisher of anything."""
        (self.folder / "store").mkdir()
        self.key, self.lines["ci"] = new_key()
        self.write_policy()

    @property
    def store(self) -> FolderStore:
        """The store itself."""
        return FolderStore(self.folder / "store")

    @property
    def publishers(self) -> Path:
        """The policy."""
        return self.folder / "publishers.yaml"

    def write_policy(self, may_publish: str = "*", revoked: str = "") -> None:
        """Say who may publish what."""
        more = f"    revoked: {revoked}\n" if revoked else ""
        self.publishers.write_text(
            "publishers:\n"
            + "".join(
                f'  - name: {name}\n    key: "{line}"\n    may_publish: ["{may_publish}"]\n{more}'
                for name, line in self.lines.items()
            )
        )

    async def publish(
        self, name: str, version: str, requires: list[Artifact] | None = None, **manifest: Any
    ) -> Artifact:
        """Publish a process."""
        pinned = [Requirement(one.name, one.version, one.sha256) for one in requires or ()]
        return await self.put(artifact_of(package(name, version, **manifest), pinned))

    async def publish_case(self, name: str, version: str, **head: Any) -> Artifact:
        """Publish a case."""
        return await self.put(case_artifact(case(name, version, **head)))

    async def put(self, artifact: Artifact, key: str = "") -> Artifact:
        """Sign an artifact and create it."""
        await self.store.create(artifact.file, sign(artifact, key or self.key))
        return artifact

    def file(self, artifact: Artifact) -> Path:
        """Return where it is."""
        return self.folder / "store" / artifact.file


def case(name: str, version: str, **head: Any) -> Mapping[str, Any]:
    """Return the smallest case definition."""
    said = {"name": name, "version": version, "description": "Waits for a person.", "access": EVERYBODY}
    return {**said, **head, "steps": {"done": {"kind": "final", "status": "done"}}, "start": "done"}
