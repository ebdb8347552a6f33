"""Folder and version tag are the manifest's name and version.

Why: Who looks for a process finds it by its folder, and who looks at an instance by its version tag.
Fix: Name folder, process and manifest the same, and keep the version tag at the manifest's version.
"""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject


@rule(severity="error", manifest=True)
def names_agree(subject: Subject) -> Iterator[Finding]:
    manifest, folder = subject.manifest, subject.package.folder.name
    if folder != manifest.name:
        yield subject.undeclared("name", f"The folder is {folder!r}.", f"Name both {manifest.name!r}.")
    tags = [tag.get("value") for tag in xml.extension(subject.process, "versionTag")]
    if tags != [manifest.version]:
        said = tags[0] if tags else "nothing"
        yield subject.wrong(
            subject.process,
            f"Its version tag is {said}, the manifest's version {manifest.version}.",
            f'Add <zeebe:versionTag value="{manifest.version}" /> to the process.',
        )
