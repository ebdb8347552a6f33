"""Messages that are newer than pyzeebe's, as `jobs.proto` beside this module has them.

They are read when the module is loaded: what a compiler would write runs only with some versions of protobuf, and is
checked in beside what it was made of. On the wire a message has no name, so ours can stand in for the gateway's.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "zeebe_fleet.gateway"
_BLOCK = re.compile(r"(message|enum) (\w+) \{(.*?)\}", re.DOTALL)
_FIELD = re.compile(r"(?:(optional|repeated) )?(\w+) (\w+) = (\d+);")
_VALUE = re.compile(r"(\w+) = (\d+);")
_Proto: Any = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "string": _Proto.TYPE_STRING,
    "bool": _Proto.TYPE_BOOL,
    "int32": _Proto.TYPE_INT32,
    "int64": _Proto.TYPE_INT64,
}


def _file(text: str) -> Any:
    """Read as much of the language as `jobs.proto` is written in."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{_PACKAGE}/jobs.proto", package=_PACKAGE, syntax="proto3")
    blocks = _BLOCK.findall(re.sub(r"//.*", "", text))
    enums = {name for kind, name, _ in blocks if kind == "enum"}
    for kind, name, body in blocks:
        if kind == "enum":
            values = file.enum_type.add(name=name).value
            for value, number in _VALUE.findall(body):
                values.add(name=value, number=int(number))
        else:
            _add_fields(file.message_type.add(name=name), body, enums)
    return file


def _add_fields(message: Any, body: str, enums: set[str]) -> None:
    for label, type_, name, number in _FIELD.findall(body):
        repeated = label == "repeated"
        field = message.field.add(name=name, json_name=name, number=int(number))
        field.label = _Proto.LABEL_REPEATED if repeated else _Proto.LABEL_OPTIONAL
        if type_ in _SCALARS:
            field.type = _SCALARS[type_]
        else:
            field.type = _Proto.TYPE_ENUM if type_ in enums else _Proto.TYPE_MESSAGE
            field.type_name = f".{_PACKAGE}.{type_}"
        if label == "optional":
            field.proto3_optional = True
            field.oneof_index = len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{name}")


def _messages() -> dict[str, Any]:
    pool = descriptor_pool.DescriptorPool()
    file = _file(Path(__file__).with_name("jobs.proto").read_text("utf-8"))
    pool.AddSerializedFile(file.SerializeToString())
    found = message_factory.GetMessageClassesForFiles([file.name], pool)
    return {name.rpartition(".")[2]: message for name, message in found.items()}


MESSAGES = _messages()
"""By the name that the gateway's protocol has for each."""
