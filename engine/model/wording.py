"""What is wrong with an XML file, in the words of the parser that Camunda's users know.

Source: Apache Xerces' messages, each seen for a broken model in the open BPMN model library 8.9. What expat tells
coarser than Xerces (`not well-formed`) falls back to the nearest of them.
"""

from __future__ import annotations

import re
from xml.parsers.expat import errors

_NAME = r"[^\s<>/=\"'&]++"
_ENTITY = re.compile(rb"&([^\s;<&]+);")
_BARE_AND = re.compile(rb"&(?![A-Za-z_:#])")
_TAG_AT = re.compile(rf"<({_NAME})".encode())
_UNQUOTED = re.compile(rf"<({_NAME})[^<>]*?\s({_NAME})\s*+=\s*+[^\s\"']".encode())
_LESS = re.compile(rf"<({_NAME})[^<>]*?\s({_NAME})\s*+=\s*+(\"[^\"<]*+<|'[^'<]*+<)".encode())
_PREFIXED = re.compile(rf"<(([^\s<>/=\"'&:]+):{_NAME})".encode())

_NEAR = 4_096
"""Bytes of a tag in which is looked for what is wrong with it: looking takes their square."""
_CODES: dict[str, int] = errors.codes


def of(code: int, content: bytes, at: int, open_name: str) -> str:
    """Say what is wrong.

    Args:
        code: expat's.
        at: the byte at which it stopped.
        open_name: the innermost element that is not closed, as written; empty outside of the outermost.
    """
    name = errors.messages.get(code, "not well-formed")
    if code == _CODES[errors.XML_ERROR_TAG_MISMATCH]:
        return f'The element type "{open_name}" must be terminated by the matching end-tag "</{open_name}>".'
    if code in (_CODES[errors.XML_ERROR_NO_ELEMENTS], _CODES[errors.XML_ERROR_UNCLOSED_TOKEN]) or not content.strip():
        return _ended(open_name)
    if code == _CODES[errors.XML_ERROR_UNBOUND_PREFIX]:
        return _unbound(content, at)
    if code == _CODES[errors.XML_ERROR_DUPLICATE_ATTRIBUTE]:
        return f'Attribute "{_word(content, at)}" was already specified for element "{_tag_before(content, at)}".'
    if code == _CODES[errors.XML_ERROR_UNDEFINED_ENTITY]:
        entity = _ENTITY.search(content, at)
        return f'The entity "{_text(entity)}" was referenced, but not declared.'
    if code == _CODES[errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]:
        return _after(content, at)
    if code in (_CODES[errors.XML_ERROR_INVALID_TOKEN], _CODES[errors.XML_ERROR_SYNTAX]):
        return _token(content, at, open_name)
    return name[:1].upper() + name[1:] + "."


def _ended(open_name: str) -> str:
    return (
        "XML document structures must start and end within the same entity." if open_name else "Premature end of file."
    )


def _after(content: bytes, at: int) -> str:
    if content[at : at + 1] == b"<":
        return "The markup in the document following the root element must be well-formed."
    return "Content is not allowed in trailing section."


def _unbound(content: bytes, at: int) -> str:
    found = _PREFIXED.match(content, at)
    if found is None:
        return "The prefix is not bound."
    return f'The prefix "{_text(found, 2)}" for element "{_text(found)}" is not bound.'


def _token(content: bytes, at: int, open_name: str) -> str:
    byte = content[at : at + 1]
    start = content.rfind(b"<", 0, at + 1)
    if byte < b" " and byte not in (b"\t", b"\n", b"\r", b""):
        return f"An invalid XML character (Unicode: 0x{byte[0]:x}) was found in the element content of the document."
    before = max(content.rfind(b"<", 0, max(start, 0)), 0)
    if less := _LESS.match(content, before, before + _NEAR):
        return (
            f'The value of attribute "{_text(less, 2)}" associated with an element type "{_text(less)}" '
            "must not contain the '<' character."
        )
    if start >= 0 and (unquoted := _UNQUOTED.match(content, start, start + _NEAR)):
        return (
            f'Open quote is expected for attribute "{_text(unquoted, 2)}" associated with an  element type  '
            f'"{_text(unquoted)}".'
        )
    if _BARE_AND.match(content, max(at - 1, 0)) or _BARE_AND.match(content, at):
        return "The entity name must immediately follow the '&' in the entity reference."
    if not open_name:
        return "Content is not allowed in prolog."
    return "The content of elements must consist of well-formed character data or markup."


def _word(content: bytes, at: int) -> str:
    return _text(re.compile(_NAME.encode()).match(content, at), 0)


def _tag_before(content: bytes, at: int) -> str:
    return _text(_TAG_AT.match(content, max(content.rfind(b"<", 0, at), 0)))


def _text(found: re.Match[bytes] | None, group: int = 1) -> str:
    return "" if found is None else found.group(group).decode("utf-8", "replace")
