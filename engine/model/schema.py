"""The part of BPMN's schema without which a file cannot be read: ids, what they are referred by, order, names.

Source: BPMN 2.0.2's schema as the open BPMN model library 8.9 applies it; the words are Xerces', seen there. Not
checked: types of attributes other than ids, references, true and false; order other than of artifacts and
`extensionElements`; what stands beside the processes, and pictures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from zeebe_fleet.engine.model.node import BPMN, ZEEBE, Node
from zeebe_fleet.engine.model.refusal import broken
from zeebe_fleet.engine.model.tags import ARTIFACTS, FLOW_ELEMENTS, SCOPES
from zeebe_fleet.engine.model.vocabulary import ATTRIBUTES, CHILDREN, SCOPE_CHILDREN

_NC_NAME = re.compile(r"[^\W\d][\w.\-\u00b7]*\Z")
_REQUIRED = {
    "definitions": ("targetNamespace",),
    "sequenceFlow": ("sourceRef", "targetRef"),
    "boundaryEvent": ("attachedToRef",),
    "association": ("sourceRef", "targetRef"),
}
_BOOLEANS = (
    "isExecutable",
    "isInterrupting",
    "cancelActivity",
    "triggeredByEvent",
    "isForCompensation",
    "isSequential",
)
_TRUTHS = frozenset(("true", "false", "1", "0"))
_ID_REFS = {"sequenceFlow": ("sourceRef", "targetRef"), "dataObjectReference": ("dataObjectRef",)}
_NO_TEXT = FLOW_ELEMENTS | SCOPES | {"definitions"}
_EXPECTED: dict[str, tuple[str, ...]] = {
    "process": ("flowElement", "artifact", "resourceRole", "correlationSubscription", "supports"),
}
_EXPECTED_INSIDE: tuple[str, ...] = ("flowElement", "artifact")


class _Wrong(Exception):
    def __init__(self, line: int, words: str) -> None:
        super().__init__(words)
        self.line = line
        self.words = words


def check(name: str, root: Node, last_line: int) -> None:
    """Hold a file against the schema.

    Args:
        last_line: where the document ends; that is where a reference is found to lead nowhere.

    Raises:
        Refused: it breaks it, with the first thing that does.
    """
    try:
        _check(root, last_line)
    except _Wrong as wrong:
        raise broken(name, wrong.line, wrong.words, fatal=False) from None


def _check(root: Node, last_line: int) -> None:
    if root.tag != "definitions":
        raise _Wrong(root.line, f"cvc-elt.1.a: Cannot find the declaration of element '{root.written}'.")
    ids: set[str] = set()
    references: list[str] = []
    for node in root.walk():
        if node.model:
            _check_attributes(node)
            _check_id(node, ids)
            references.extend(_references(node))
            if node.tag in SCOPES:
                _check_content(node)
            _check_vocabulary(node)
            if node.tag in _NO_TEXT:
                _check_no_text(node)
            _check_extensions_first(node)
    for reference in references:
        if reference not in ids:
            raise _Wrong(last_line, f"cvc-id.1: There is no ID/IDREF binding for IDREF '{reference}'.")


def _check_attributes(node: Node) -> None:
    for required in _REQUIRED.get(node.tag, ()):
        if required not in node.attributes:
            words = f"cvc-complex-type.4: Attribute '{required}' must appear on element '{node.written}'."
            raise _Wrong(node.line, words)
    for name in _BOOLEANS:
        value = node.attributes.get(name)
        if value is not None and value.strip() not in _TRUTHS:
            raise _Wrong(node.line, f"cvc-datatype-valid.1.2.1: '{value}' is not a valid value for 'boolean'.")


def _check_id(node: Node, ids: set[str]) -> None:
    given = node.attributes.get("id")
    if given is None:
        return
    node.attributes["id"] = given = given.strip()
    if not _NC_NAME.match(given):
        raise _Wrong(node.line, f"cvc-datatype-valid.1.2.1: '{given}' is not a valid value for 'NCName'.")
    if given in ids:
        raise _Wrong(node.line, f"cvc-id.2: There are multiple occurrences of ID value '{given}'.")
    ids.add(given)


def _references(node: Node) -> Iterator[str]:
    for name in _ID_REFS.get(node.tag, ()):
        if name in node.attributes:
            yield node.attributes[name].strip()
    if node.tag in FLOW_ELEMENTS and "default" in node.attributes:
        yield node.attributes["default"].strip()
    if node.tag == "flowNodeRef":
        yield node.text.strip()


def _check_vocabulary(node: Node) -> None:
    allowed = ATTRIBUTES.get(node.tag)
    for name in node.attributes:
        if allowed is not None and name not in allowed:
            words = f"cvc-complex-type.3.2.2: Attribute '{name}' is not allowed to appear in element '{node.written}'."
            raise _Wrong(node.line, words)
    known = CHILDREN.get(node.tag)
    for child in node.children:
        if known is not None and child.tag not in known:
            raise _Wrong(child.line, _unexpected(child, ()))


def _check_content(scope: Node) -> None:
    expected = _EXPECTED.get(scope.tag, _EXPECTED_INSIDE)
    for child in scope.children:
        if child.tag in ARTIFACTS:
            expected = expected[expected.index("artifact") :]
        elif child.tag not in SCOPE_CHILDREN and (child.tag not in FLOW_ELEMENTS or "flowElement" not in expected):
            raise _Wrong(child.line, _unexpected(child, expected))


def _check_extensions_first(node: Node) -> None:
    others = False
    for child in node.children:
        if others and child.tag == "extensionElements":
            raise _Wrong(child.line, _unexpected(child, ()))
        others = others or child.tag != "documentation"


def _check_no_text(node: Node) -> None:
    if node.text.strip():
        words = f"Element '{node.written}' cannot have character [children], because the type's content type is"
        raise _Wrong(node.line, f"cvc-complex-type.2.3: {words} element-only.")


def _unexpected(node: Node, expected: tuple[str, ...]) -> str:
    space, _, local = node.tag[1:].rpartition("}") if node.tag.startswith("{") else (BPMN, "", node.local)
    space = ZEEBE if node.tag.startswith("zeebe:") else space
    words = f"cvc-complex-type.2.4.a: Invalid content was found starting with element '{{\"{space}\":{local}}}'."
    if not expected:
        return words
    names = ", ".join(f'"{BPMN}":{name}' for name in expected)
    return f"{words} One of '{{{names}}}' is expected."
