"""Reads an artifact that came from anywhere: bounded, every file compared with its hash, nothing believed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zeebe_fleet.bpmn.tooling.yaml_text import Bounds, place_of, yaml_of
from zeebe_fleet.workers.contract.artifacts import (
    MAX_BYTES,
    Artifact,
    ArtifactFile,
    Requirement,
    Signature,
    Signed,
    check_name,
    parsed_name,
)
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.contract.ports import Resource

FORMAT = "zeebe-fleet/1"
PAYLOAD_TYPE = "application/vnd.zeebe-fleet.artifact+yaml"
BETWEEN = b"\n---\n"
"""Ends what is signed; inside a YAML document no line can read so."""
_BOUNDS = Bounds(most_bytes=MAX_BYTES, aliases=0, values=200_000)
_SIGNATURE_BOUNDS = Bounds(most_bytes=16_384, aliases=0)
_TOLD = 10
_MOST_FILES = 500
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _File(_Part):
    name: str = Field(pattern=r"^[^/\\\x00-\x1f]+$", max_length=200)
    sha256: _Hash
    text: str


class _Requirement(_Part):
    name: str
    version: str
    sha256: _Hash


class _Content(_Part):
    artifact: Literal["zeebe-fleet/1"]
    kind: Literal["process", "case"]
    name: str
    version: str
    description: str
    manifest: Mapping[str, Any]
    files: tuple[_File, ...] = Field(default=(), max_length=_MOST_FILES)
    case: Mapping[str, Any] = {}
    requires: tuple[_Requirement, ...] = Field(default=(), max_length=_MOST_FILES)


class _Signature(_Part):
    keyid: str = Field(max_length=200)
    sig: str = Field(max_length=2_000)


class _Envelope(_Part):
    payloadType: Literal["application/vnd.zeebe-fleet.artifact+yaml"]
    signatures: tuple[_Signature, ...] = Field(max_length=20)


def read_artifact(content: bytes, file: str, *, written: Mapping[str, Any] | None = None) -> Signed:
    """Read an artifact and compare each of its files with its hash; `signing.verify` says who made it.

    Args:
        file: what it is called in its store; it must say the same name and version inside.
        written: the data it must read back as, where it was just made.

    Raises:
        DefinitionError: it is none, was changed, or is another version than its name says.
    """
    check_name(file)
    payload, is_signed, envelope = content.partition(BETWEEN)
    payload += b"\n" if is_signed else b""
    data = yaml_of(payload, file, _BOUNDS)
    read = _checked(_Content, data, file)
    if written is not None:
        _check_written(written, data, file)
    if (read.name, read.version) != parsed_name(file):
        raise DefinitionError(f"{file}: it is {read.name} {read.version} inside.", "Fetch it again from its store.")
    _check_parts(read, file)
    signatures = _checked(_Envelope, yaml_of(envelope, file, _SIGNATURE_BOUNDS), file).signatures if is_signed else ()
    return Signed(_artifact(read, payload), tuple(Signature(one.keyid, one.sig) for one in signatures))


def resources_of(artifact: Artifact) -> tuple[Resource, ...]:
    """Return what to deploy: the same bytes that the package's own `resources` were when it was published."""
    return tuple(
        Resource(one.name, one.text.encode()) for one in artifact.files if one.name.endswith((".bpmn", ".dmn"))
    )


def _checked(kind: type[Any], data: Any, file: str) -> Any:
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        told = error.errors(include_input=False, include_url=False, include_context=False)[:_TOLD]
        wrong = "; ".join(f"{place_of(e['loc']) or 'artifact'}: {e['msg'][:300]}" for e in told)
        raise DefinitionError(f"{file}: no artifact: {wrong}.", "Publish it with this version of the fleet.") from None


def _check_written(written: Mapping[str, Any], data: Any, file: str) -> None:
    lost = [key for key, value in written.items() if _plain(value) != data.get(key, type(value)())]
    if lost:
        raise DefinitionError(f"{file}: {lost[0]} does not read back as it was.", "Take out control characters.")


def _plain(value: Any) -> Any:
    """Return data as reading it gives it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value


def _check_parts(read: _Content, file: str) -> None:
    names = [one.name for one in read.files]
    for one in read.files:
        if names.count(one.name) > 1:
            raise DefinitionError(f"{file}: {one.name} is in it twice.", "Publish it again.")
        if hashlib.sha256(one.text.encode()).hexdigest() != one.sha256:
            raise DefinitionError(f"{file}: {one.name} was changed: its SHA-256 is not the one it was published with.")
    models = [name for name in names if name.endswith(".bpmn")]
    if read.kind == "process" and (len(models) != 1 or read.case):
        raise DefinitionError(f"{file}: a process has one model; this has {len(models)}.", "Publish it again.")
    if read.kind == "case" and (models or not read.case):
        raise DefinitionError(f"{file}: a case has a definition and no model.", "Publish it again.")
    for key in ("name", "version", "description"):
        if read.manifest.get(key) != getattr(read, key):
            raise DefinitionError(f"{file}: its manifest has another {key}.", "Publish it again.")


def _artifact(read: _Content, payload: bytes) -> Artifact:
    return Artifact(
        read.kind,
        read.name,
        read.version,
        read.description,
        read.manifest,
        tuple(ArtifactFile(one.name, one.sha256, one.text) for one in read.files),
        read.case,
        tuple(Requirement(one.name, one.version, one.sha256) for one in read.requires),
        payload,
        hashlib.sha256(payload).hexdigest(),
    )
