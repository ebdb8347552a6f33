"""Arguments of mutations, read and checked before anything happens."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from zeebe_fleet.workers.contract.api_ports import StartRequest
from zeebe_fleet.workers.contract.artifacts import parsed_name
from zeebe_fleet.workers.contract.cases import GENERIC_CASE, PROCESS_NAME, PROCESS_VERSION
from zeebe_fleet.workers.contract.job import RESERVED_VARIABLES
from zeebe_fleet.workers.contract.refusals import (
    InvalidArgument,
    InvalidVariables,
    UnknownProcessVersion,
    VariableError,
)
from zeebe_fleet.workers.contract.variables import unfit
from zeebe_fleet.workers.contract.versions import VersionRange

_STORED_BYTES = 4_194_304
"""The engine gives out at most 4 MB with a job."""
_SHOWN = 100
_LONGEST_S = 100 * 366 * 86_400.0
_ENGINE_VERSION = re.compile(r"engine:([1-9][0-9]{0,8})")


class Asked(NamedTuple):
    """A version that is asked for; neither means the latest."""

    engine_version: int | None = None
    version: VersionRange | None = None


def read_version(process_version: str | None) -> Asked:
    """Read `1.2.0` and ranges of published versions, and `engine:3`; nothing means the latest.

    Raises:
        UnknownProcessVersion: it is written otherwise.
    """
    if process_version is None:
        return Asked()
    if match := _ENGINE_VERSION.fullmatch(process_version):
        return Asked(int(match[1]))
    if version := VersionRange.read(process_version):
        return Asked(version=version)
    raise UnknownProcessVersion(
        f"{process_version[:_SHOWN]!r} is not a version.",
        "Write 1.2.0 for what is published, 1.2.x, 1.x or ^1.2 for the newest of these, engine:3 for the engine's "
        "version 3, or leave processVersion out for the latest.",
    )


def read_start(
    process_name: str, asked: Asked, business_key: str | None, variables: Mapping[str, Any], key: str | None
) -> StartRequest:
    """Read which process or case is to be started; the generic process with a case's name in it is that case.

    Raises:
        InvalidVariables: it is the generic process, and no case is named as it must be.
    """
    engine_version, version = asked
    if process_name != GENERIC_CASE:
        return StartRequest(process_name, engine_version, business_key, variables, key, version)
    name, of_case = _case(variables)
    rest = {name: value for name, value in variables.items() if name not in (PROCESS_NAME, PROCESS_VERSION)}
    return StartRequest(name, engine_version, business_key, rest, key, of_case, runner=version, is_case=True)


def _case(variables: Mapping[str, Any]) -> tuple[str, VersionRange]:
    name, version = variables.get(PROCESS_NAME), variables.get(PROCESS_VERSION)
    wanted = VersionRange.read(version) if isinstance(version, str) else None
    if isinstance(name, str) and wanted is not None and parsed_name(f"{name}_v0.0.0.yaml"):
        return name, wanted
    there = {PROCESS_NAME: name, PROCESS_VERSION: version}
    wrong = [VariableError(one, "required", "missing") for one, value in there.items() if value is None]
    if name is not None and not (isinstance(name, str) and parsed_name(f"{name}_v0.0.0.yaml")):
        wrong.append(VariableError(PROCESS_NAME, "pattern", "must be the name of a case"))
    if version is not None and wanted is None:
        wrong.append(VariableError(PROCESS_VERSION, "pattern", "must be a version like 1.2.0, or a range like 1.x"))
    raise InvalidVariables(
        f"{GENERIC_CASE} runs the case that its variables {PROCESS_NAME} and {PROCESS_VERSION} name.",
        "Name one that is published, or start it by its own name.",
        wrong,
    )


def read_variables(value: Any, limit_bytes: int) -> Mapping[str, Any]:
    """Check variables that shall go to the engine.

    Raises:
        InvalidVariables: they are not a JSON object, too large, or of reserved names.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidVariables(
            "Variables are a JSON object, from names to values.", 'Send for example {"amount": 100}.'
        )
    reserved = sorted(set(value) & set(RESERVED_VARIABLES))
    if reserved:
        wrong = [VariableError(name, "reserved", "is set by the fleet") for name in reserved]
        raise InvalidVariables(f"The fleet sets {', '.join(reserved)} itself.", "Leave reserved names out.", wrong)
    return bounded(value, limit_bytes)


def bounded(value: dict[str, Any], limit_bytes: int) -> dict[str, Any]:
    """Check that a JSON object can be stored and is not too large.

    Raises:
        InvalidVariables: it is too large, or holds what neither engine nor records can keep; says where.
    """
    if wrong := unfit(value):
        raise InvalidVariables(f"{wrong}.", "Send plain JSON in UTF-8, with numbers of 64 bits; larger ones as text.")
    size_bytes = len(json.dumps(value, ensure_ascii=False).encode())
    if size_bytes > limit_bytes:
        raise InvalidVariables(
            f"It takes {size_bytes:,} bytes; {limit_bytes:,} are allowed.",
            "Store large content elsewhere and send a reference to it.",
        )
    return value


def read_text(name: str, value: str | None, limit: int = 500) -> str | None:
    """Check a text that is stored or looked up.

    Raises:
        InvalidArgument: it is too long, or holds what is no character.
    """
    if value is not None:
        if len(value) > limit:
            raise InvalidArgument(f"{name} has more than {limit} characters.", "Send a shorter one.")
        if "\x00" in value or any("\ud800" <= one <= "\udfff" for one in value):
            raise InvalidArgument(f"{name} holds something that is no character.", "Send plain UTF-8.")
    return value


def read_seconds(name: str, value: float) -> float:
    """Check a time in seconds.

    Raises:
        InvalidArgument: it is longer than a hundred years, which an engine cannot count.
    """
    if not value <= _LONGEST_S:
        raise InvalidArgument(f"{name} is longer than a hundred years.", "Give a shorter time, in seconds.")
    return value


def read_key(key: str | None) -> str | None:
    """Check an idempotency key; nothing means that each request counts.

    Raises:
        InvalidArgument: it is blank, or no text that can be kept. Blanks name no request: two that differ would be one.
    """
    if key is not None and not key.strip():
        raise InvalidArgument("idempotencyKey is blank.", "Name the request by it, or leave it out.")
    return read_text("idempotencyKey", key)


def json_object(name: str, value: Any) -> dict[str, Any]:
    """Check that a JSON value is an object.

    Raises:
        InvalidVariables: it is something else.
    """
    if isinstance(value, dict):
        return bounded(value, _STORED_BYTES)
    raise InvalidVariables(f"{name} is not a JSON object.", "Send an object, from names to values.")
