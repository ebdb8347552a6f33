"""A process package: one folder with a model, its manifest, its forms and its decisions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from lxml import etree
from pydantic import ValidationError

from zeebe_fleet.bpmn.tooling import contents
from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.contents import check_around, check_contents
from zeebe_fleet.bpmn.tooling.decisions import DecisionFile, check_unique, decisions_of
from zeebe_fleet.bpmn.tooling.document import Document, Element
from zeebe_fleet.bpmn.tooling.form import form_of
from zeebe_fleet.bpmn.tooling.input_schema import check_schema
from zeebe_fleet.bpmn.tooling.manifest import DeclaredError, Manifest
from zeebe_fleet.bpmn.tooling.parse import EMBEDDED_FORM, read_model
from zeebe_fleet.bpmn.tooling.yaml_lines import Lines
from zeebe_fleet.bpmn.tooling.yaml_text import place_of, yaml_of
from zeebe_fleet.workers.contract.bounded import content_of
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.contract.model import ProcessModel
from zeebe_fleet.workers.contract.ports import Resource

MANIFEST = contents.MANIFEST
_MAX_BYTES = 4 * 1024 * 1024
"""Of one file; what a package is made of has closer bounds of its own."""
_TOLD = 20
"""Faults of one manifest."""
_WORDS = {"extra_forbidden": "there is no such key", "missing": "it is missing"}


@dataclass(frozen=True)
class ProcessPackage:
    """A package as read from its folder."""

    folder: Path
    manifest: Manifest
    bpmn: bytes
    forms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Camunda Forms by form id."""
    form_files: Mapping[str, str] = field(default_factory=dict)
    """File name → form id."""
    model_name: str = ""
    """Of the model's file; the folder's when empty."""
    decisions: Mapping[str, DecisionFile] = field(default_factory=dict)
    """By file name."""

    @property
    def model_file(self) -> Path:
        """Where the model is."""
        return self.folder / self.model_name if self.model_name else model_of(self.folder)

    @cached_property
    def document(self) -> Document:
        """The model as a tree; do not change it."""
        return Document(self.bpmn, str(self.model_file))

    @cached_property
    def model(self) -> ProcessModel:
        """What the fleet must know of the process."""
        return read_model(self.bpmn, self.manifest.name, forms=self.forms, file=str(self.model_file))

    def resources(self) -> tuple[Resource, ...]:
        """Return what to deploy, the same bytes every time.

        Forms are embedded in the model, so that what was deployed holds all that it needs: an instance keeps
        the form it was started with, and whoever has the definition can show it. Decisions go with the model, which
        names each with its hash: another decision is another model.
        """
        decisions = {name: one.content for name, one in self.decisions.items()}
        model = _complete(self.document, self.manifest.name, self.forms, decisions)
        return (Resource(self.model_file.name, model), *(Resource(*one) for one in decisions.items()))


def load_package(folder: Path) -> ProcessPackage:
    """Read the package of a folder.

    Raises:
        DefinitionError: something is missing or cannot be read, with file and reason.
    """
    forms = {file.name: read_form(file) for file in sorted(folder.glob("*.form"))}
    package = ProcessPackage(
        folder,
        read_manifest(folder),
        read_content(model_of(folder)),
        {form["id"]: form for form in forms.values()},
        {file: form["id"] for file, form in forms.items()},
        decisions=decisions_of(folder),
    )
    check_whole(package)
    return package


def check_whole(package: ProcessPackage) -> None:
    """See to it that the process is there, and that nothing in the folder is left out without a word.

    Raises:
        DefinitionError: something would be, with its name and what to do.
    """
    package.document.process(package.manifest.name)
    check_contents(package.folder, {MANIFEST, package.model_file.name, *package.form_files, *package.decisions})
    check_unique(package.decisions.values())
    named: dict[str, str] = {}
    for file_name, form_id in package.form_files.items():
        if form_id in named:
            raise DefinitionError(
                f"{package.folder / file_name}: form {form_id!r} is in {named[form_id]} already.",
                "Give each form an id of its own.",
            )
        named[form_id] = file_name
    for process in package.document.processes:
        if process.get("id") != package.manifest.name:
            raise package.document.wrong(
                process,
                "is a second executable process of the file",
                "Give it a package of its own, or make it not executable where it only shows the other side.",
            )


def model_of(folder: Path) -> Path:
    """Return where the model of a package is."""
    return folder / f"{folder.name}.bpmn"


def package_folders(processes: Path) -> list[Path]:
    """Return the folders that are process packages, or were meant to be."""
    found = {file.parent for pattern in (f"*/{MANIFEST}", "*/*.bpmn") for file in processes.glob(pattern)}
    return sorted(found)


def load_packages(processes: Path) -> list[ProcessPackage]:
    """Read all process packages of a folder, by name; those of cases are passed over.

    Raises:
        DefinitionError: one cannot be read, something lies in none, or two have the same decision.
    """
    folders = package_folders(processes)
    check_around(processes, {*folders, *(file.parent for file in processes.glob(f"*/{contents.CASE}"))})
    packages = [load_package(folder) for folder in folders]
    check_unique(decisions for package in packages for decisions in package.decisions.values())
    return packages


def read_content(file: Path) -> bytes:
    """Read a file of a package.

    Raises:
        DefinitionError: it cannot be read, and why.
    """
    return content_of(file, _MAX_BYTES, "A package needs manifest.yaml and a model of its folder's name.")


def read_manifest(folder: Path) -> Manifest:
    """Read what a package says of itself."""
    file = folder / MANIFEST
    return manifest_of(read_content(file), str(file))


def manifest_of(content: bytes, file: str) -> Manifest:
    """Read a manifest's text.

    Args:
        file: what a refusal begins with.

    Raises:
        DefinitionError: it is none, with the field and the reason.
    """
    said = yaml_of(content, file)
    lines = Lines(content, file)
    try:
        manifest = Manifest.model_validate(said)
    except ValidationError as error:
        told = error.errors(include_input=False, include_url=False, include_context=False)[:_TOLD]
        wrong = "; ".join(f"{place_of(e['loc']) or 'manifest'}: {_WORDS.get(e['type'], e['msg'])}" for e in told)
        at = lines.of(told[0]["loc"])
        raise DefinitionError(f"{file}:{at}: {wrong}.", "docs/reference/manifest.md says what it may hold.") from None
    check_schema(manifest.input, f"{file}: input")
    for job_type, contract in manifest.job_types.items():
        check_schema(contract.input, f"{file}: job_types.{job_type}.input")
        check_schema(contract.output, f"{file}: job_types.{job_type}.output")
    for code, declared in manifest.errors.items():
        if isinstance(declared, DeclaredError):
            check_schema(declared.variables, f"{file}: errors.{code}.variables")
    return manifest


def read_form(file: Path) -> dict[str, Any]:
    """Read a Camunda Form.

    Raises:
        DefinitionError: it is none, or has no id.
    """
    form = form_of(read_content(file), str(file))
    if not isinstance(form.get("id"), str):
        raise DefinitionError(f"{file}: a form without an id.", "Give it the id that the user task names.")
    return form


def _complete(
    document: Document, name: str, forms: Mapping[str, Mapping[str, Any]], decisions: Mapping[str, bytes]
) -> bytes:
    root = deepcopy(document.root)
    for process in xml.children(root, "process"):
        linked: set[str] = set()
        for task in process.iter(f"{{{xml.MODEL}}}userTask"):
            for link in (one for one in xml.extension(task, "formDefinition") if one.get("formId")):
                form_id = link.get("formId", "")
                if form_id not in forms:
                    missing = f"names form {form_id!r}, which is not in its folder"
                    raise document.wrong(task, missing, f"Add a .form file with the id {form_id!r}.")
                del link.attrib["formId"]
                link.set("formKey", EMBEDDED_FORM + form_id)
                linked.add(form_id)
        for form_id in sorted(linked):
            _embed(process, form_id, forms[form_id])
        if decisions and process.get("id") == name:
            _note(process, decisions)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _embed(process: Element, form_id: str, form: Mapping[str, Any]) -> None:
    embedded = etree.SubElement(_extensions(process), f"{{{xml.ZEEBE}}}userTaskForm", {"id": form_id})
    embedded.text = json.dumps(form, separators=(",", ":"), sort_keys=True)


def _note(process: Element, decisions: Mapping[str, bytes]) -> None:
    """Name the decisions that go with a process, with their hashes."""
    extensions = _extensions(process)
    held = extensions.find(f"{{{xml.ZEEBE}}}properties")
    if held is None:
        held = etree.SubElement(extensions, f"{{{xml.ZEEBE}}}properties")
    for name, content in sorted(decisions.items()):
        said = {"name": f"decisions:{name}", "value": f"sha256:{hashlib.sha256(content).hexdigest()}"}
        etree.SubElement(held, f"{{{xml.ZEEBE}}}property", said)


def _extensions(process: Element) -> Element:
    extensions = process.find(f"{{{xml.MODEL}}}extensionElements")
    if extensions is None:
        extensions = etree.Element(f"{{{xml.MODEL}}}extensionElements")
        process.insert(len(xml.children(process, "documentation")), extensions)
    return extensions
