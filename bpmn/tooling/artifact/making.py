"""Makes artifacts of what is in a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from zeebe_fleet.bpmn.tooling.artifact.reading import FORMAT, read_artifact
from zeebe_fleet.bpmn.tooling.artifact.rendering import rendered
from zeebe_fleet.bpmn.tooling.package import ProcessPackage, read_content
from zeebe_fleet.workers.contract.artifacts import Artifact, Requirement, artifact_name

if TYPE_CHECKING:
    from zeebe_fleet.bpmn.tooling.case import CasePackage


def artifact_of(package: ProcessPackage | CasePackage, requires: Sequence[Requirement] = ()) -> Artifact:
    """Return the artifact of a package: of a process, what is deployed, forms embedded, and the forms.

    Args:
        requires: the published versions of what it calls.

    Raises:
        DefinitionError: something in the package cannot be published.
    """
    if not isinstance(package, ProcessPackage):
        return case_artifact(package.definition.to_data(), requires=requires)
    files = {one.name: one.content.decode() for one in package.resources()}
    files |= {name: read_content(package.folder / name).decode("utf-8-sig") for name in sorted(package.form_files)}
    manifest = package.manifest.model_dump(mode="json", exclude_defaults=True)
    return _artifact("process", manifest, {"manifest": manifest, "files": _files(files)}, requires)


def case_artifact(
    case: Mapping[str, Any], files: Mapping[str, str] | None = None, requires: Sequence[Requirement] = ()
) -> Artifact:
    """Return the artifact of a case definition.

    Args:
        case: `case.yaml` as it was read; its head says `name`, `version` and `description`.
        files: what it names beside itself, by file name.
    """
    manifest = {key: case[key] for key in ("name", "version", "description", "access", "input") if key in case}
    parts = {"manifest": manifest, "files": _files(files or {}), "case": dict(case)}
    return _artifact("case", manifest, parts, requires)


def _artifact(
    kind: Literal["process", "case"],
    head: Mapping[str, Any],
    parts: Mapping[str, Any],
    requires: Sequence[Requirement],
) -> Artifact:
    said = {key: head[key] for key in ("name", "version", "description")}
    pinned = [{"name": one.name, "version": one.version, "sha256": one.sha256} for one in requires]
    data = {"artifact": FORMAT, "kind": kind, **said, **parts, "requires": pinned}
    content = rendered({key: value for key, value in data.items() if value or key in said}).encode()
    return read_artifact(content, artifact_name(head["name"], head["version"]), written=data).artifact


def _files(files: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        {"name": name, "sha256": hashlib.sha256(text.encode()).hexdigest(), "text": text}
        for name, text in files.items()
    ]
