"""Files that are no XML, no BPMN, or an attack."""

from __future__ import annotations

import pytest

from tests.engine.model.test_rules import refusal
from tests.engine.model.writing import HEAD, START, flow, model, started
from zeebe_fleet.engine.model import Refused, read
from zeebe_fleet.engine.model.markup import MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS

FATAL = "'model.bpmn': org.xml.sax.SAXException: Fatal Error: URI=null Line="
ERROR = "'model.bpmn': org.xml.sax.SAXException: Error: URI=null Line="
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DOCTYPE = 'DOCTYPE is disallowed when the feature "http://apache.org/xml/features/disallow-doctype-decl" set to true.'


def lines(*content: str) -> str:
    """Write a model of which the content begins on line 4."""
    return HEAD + "\n".join(content)


OPEN = '<bpmn:process id="p" isExecutable="true">'
CLOSE = "</bpmn:process></bpmn:definitions>"


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("", 1, "Premature end of file."),
        ("no model at all", 1, "Content is not allowed in prolog."),
        (
            lines(OPEN, START, "</bpmn:definitions>"),
            6,
            'The element type "bpmn:process" must be terminated by the matching end-tag "</bpmn:process>".',
        ),
        (lines(OPEN), 4, "XML document structures must start and end within the same entity."),
        (lines(OPEN, START, CLOSE, "x"), 7, "Content is not allowed in trailing section."),
        (
            lines(OPEN, START, CLOSE, "<x/>"),
            7,
            "The markup in the document following the root element must be well-formed.",
        ),
        (lines(OPEN, "&foo;", CLOSE), 5, 'The entity "foo" was referenced, but not declared.'),
        (lines(OPEN, "a & b", CLOSE), 5, "The entity name must immediately follow the '&' in the entity reference."),
        (
            lines(OPEN, '<bpmn:startEvent id="a" id="b" />', CLOSE),
            5,
            'Attribute "id" was already specified for element "bpmn:startEvent".',
        ),
        (lines(OPEN, '<foo:bar id="a" />', CLOSE), 5, 'The prefix "foo" for element "foo:bar" is not bound.'),
        (
            lines(OPEN, "<bpmn:startEvent id=a />", CLOSE),
            5,
            'Open quote is expected for attribute "id" associated with an  element type  "bpmn:startEvent".',
        ),
        (
            lines(OPEN, '<bpmn:startEvent id="<" />', CLOSE),
            5,
            'The value of attribute "id" associated with an element type "bpmn:startEvent" must not contain the '
            "'<' character.",
        ),
        (
            lines(OPEN, "\x01", CLOSE),
            5,
            "An invalid XML character (Unicode: 0x1) was found in the element content of the document.",
        ),
    ],
)
def test_broken_xml_is_told_in_the_words_users_know(content: str, line: int, words: str) -> None:
    """With the line at which to look."""
    assert refusal(content) == f"{FATAL}{line}: {words}"


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("<a />", 1, "cvc-elt.1.a: Cannot find the declaration of element 'a'."),
        (
            lines(OPEN, START, flow("start", "nowhere"), CLOSE),
            7,
            "cvc-id.1: There is no ID/IDREF binding for IDREF 'nowhere'.",
        ),
        (
            lines(OPEN, START, '<bpmn:endEvent id="start" />', CLOSE),
            6,
            "cvc-id.2: There are multiple occurrences of ID value 'start'.",
        ),
        (
            lines('<bpmn:process id="1p" isExecutable="true">', START, CLOSE),
            4,
            "cvc-datatype-valid.1.2.1: '1p' is not a valid value for 'NCName'.",
        ),
        (
            lines('<bpmn:process id="p" isExecutable="perhaps">', START, CLOSE),
            4,
            "cvc-datatype-valid.1.2.1: 'perhaps' is not a valid value for 'boolean'.",
        ),
        (
            lines(OPEN, '<bpmn:sequenceFlow id="f" targetRef="start" />', START, CLOSE),
            5,
            "cvc-complex-type.4: Attribute 'sourceRef' must appear on element 'bpmn:sequenceFlow'.",
        ),
        (
            lines(OPEN, '<bpmn:textAnnotation id="t" />', START, CLOSE),
            6,
            f"cvc-complex-type.2.4.a: Invalid content was found starting with element '{{\"{BPMN}\":startEvent}}'. "
            f'One of \'{{"{BPMN}":artifact, "{BPMN}":resourceRole, "{BPMN}":correlationSubscription, '
            f'"{BPMN}":supports}}\' is expected.',
        ),
        (
            lines(OPEN, '<bpmn:startEvent id="s" isinterrupting="true" />', CLOSE),
            5,
            "cvc-complex-type.3.2.2: Attribute 'isinterrupting' is not allowed to appear in element 'bpmn:startEvent'.",
        ),
        (
            lines(OPEN, START, '<bpmn:subProcess id="s"><zeebe:ioMapping /></bpmn:subProcess>', CLOSE),
            6,
            "cvc-complex-type.2.4.a: Invalid content was found starting with element "
            f"'{{\"http://camunda.org/schema/zeebe/1.0\":ioMapping}}'. "
            f'One of \'{{"{BPMN}":flowElement, "{BPMN}":artifact}}\' is expected.',
        ),
        (
            lines(OPEN, START, '<bpmn:serviceTask id="w"><zeebe:taskDefinition type="t" /></bpmn:serviceTask>', CLOSE),
            6,
            "cvc-complex-type.2.4.a: Invalid content was found starting with element "
            "'{\"http://camunda.org/schema/zeebe/1.0\":taskDefinition}'.",
        ),
        (
            lines(OPEN, "hello", CLOSE),
            4,
            "cvc-complex-type.2.3: Element 'bpmn:process' cannot have character [children], because the type's content "
            "type is element-only.",
        ),
    ],
)
def test_file_against_the_schema_is_told_in_the_words_users_know(content: str, line: int, words: str) -> None:
    """The first thing that is wrong, with its line."""
    assert refusal(content) == f"{ERROR}{line}: {words}"


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE x>",
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>',
    ],
)
def test_document_type_is_refused_before_it_is_read(doctype: str) -> None:
    """No entity, no file and no address of an attacker is looked at."""
    body = model(START).partition("?>")[2]

    assert refusal(doctype + body) == f"{FATAL}1: {DOCTYPE}"


def test_file_that_is_too_large_is_refused_unread() -> None:
    """Fifty megabytes cost nothing: not even whether they are XML is looked at."""
    with pytest.raises(Refused, match=rf"'big.bpmn': larger than {MAX_BYTES} bytes"):
        read("big.bpmn", b"<" * (50 * 1024 * 1024))


def test_file_that_is_too_deep_is_refused() -> None:
    """No recursion of ours ever meets it."""
    scopes = "".join(f'<bpmn:subProcess id="s{nth}">' for nth in range(100_000))

    assert refusal(model(START, scopes)).startswith(f"{FATAL}4: Elements are nested deeper than {MAX_DEPTH}.")


def test_file_of_too_many_elements_is_refused() -> None:
    """A small file can hold very many."""
    assert (
        refusal(model(START, "<bpmn:task/>" * MAX_ELEMENTS))
        == f"{FATAL}4: There are more than {MAX_ELEMENTS} elements."
    )


def test_text_in_very_many_pieces_is_read_once() -> None:
    """Pieces of text are joined at the end; adding each to the last would take minutes."""
    pieces = "x<!---->" * 400_000

    assert "cannot have character [children]" in refusal(model(START, pieces))


@pytest.mark.parametrize(
    "content", [b"\x00\x01\x02", b"\xff\xfe", b"\x89PNG\r\n\x1a\n", b"<?xml version='1.0' encoding='x'?><a/>"]
)
def test_bytes_that_are_no_text_are_refused(content: bytes) -> None:
    """Whatever is sent, the answer begins with the file's name."""
    with pytest.raises(Refused, match=r"^'model.bpmn': "):
        read("model.bpmn", content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_encoding_is_as_the_file_says(encoding: str) -> None:
    """Modellers save in several."""
    bpmn = started().replace('id="start"', 'id="start" name="Prüfung"').replace("UTF-8", encoding)

    assert read("m", bpmn.encode(encoding)).processes[0].elements["start"].name == "Prüfung"


def test_known_entities_are_read() -> None:
    """The five of XML, and characters by number."""
    bpmn = started().replace('id="start"', 'id="start" name="&lt;&amp;&#228;"')

    assert read("m", bpmn.encode()).processes[0].elements["start"].name == "<&ä"
