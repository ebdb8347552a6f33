"""Every parser that reads what somebody else wrote, with what it may raise, and with what to begin from.

What it raises besides is a crash; so is a second, or memory that is not given back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.security.chains import chain, layers
from zeebe_fleet.adapters.json_schema import UnfitSchema, errors_of
from zeebe_fleet.bpmn.tooling.artifact import artifact_of, read_artifact
from zeebe_fleet.bpmn.tooling.artifact.policy import policy_of
from zeebe_fleet.bpmn.tooling.artifact.signing import new_key, sign
from zeebe_fleet.bpmn.tooling.case import read_case
from zeebe_fleet.bpmn.tooling.decisions import decisions_in
from zeebe_fleet.bpmn.tooling.form import form_of
from zeebe_fleet.bpmn.tooling.input_schema import check_schema
from zeebe_fleet.bpmn.tooling.lint import lint
from zeebe_fleet.bpmn.tooling.manifest import Manifest
from zeebe_fleet.bpmn.tooling.package import ProcessPackage, load_package, manifest_of
from zeebe_fleet.bpmn.tooling.scenarios.file import cases_of
from zeebe_fleet.bpmn.tooling.scenarios.json_text import json_text
from zeebe_fleet.bpmn.tooling.yaml_text import yaml_of
from zeebe_fleet.engine import dmn, feel
from zeebe_fleet.engine.core.documents import cut
from zeebe_fleet.engine.core.rejection import Rejected
from zeebe_fleet.engine.feel.linear import TooLongToMatch, is_found
from zeebe_fleet.engine.feel.pattern_classes import PatternError
from zeebe_fleet.engine.model import MAX_NEW_ELEMENTS, Refused, read
from zeebe_fleet.engine.rest.body import Body
from zeebe_fleet.engine.rest.problems import Problem
from zeebe_fleet.engine.search.conditions import InvalidSearch, matching
from zeebe_fleet.engine.search.entities import PROCESS_INSTANCES
from zeebe_fleet.graphql_api.forms import form_errors
from zeebe_fleet.graphql_api.json_text import NotJson, read_json
from zeebe_fleet.graphql_api.schema import make_schema
from zeebe_fleet.workers.contract.errors import DefinitionError

_HOUSE = Path(__file__).parents[2]
_CALLS = (_HOUSE / "bpmn/purchase_approval/purchase_approval.bpmn").read_bytes().replace(b"purchase_approval", b"p")
_MANIFEST = Manifest.model_construct(name="p", version="1.0.0", description="Fuzzed.")


@dataclass(frozen=True, slots=True)
class Parser:
    """One way into the house.

    Args:
        feed: reads a text, and does with it what is done with it.
        refusals: what it may raise.
        seeds: texts that it takes.
        words: what its texts are made of.
    """

    feed: Callable[[str], object]
    refusals: tuple[type[Exception], ...]
    seeds: tuple[str, ...]
    words: tuple[str, ...]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _shipped(pattern: str) -> tuple[str, ...]:
    return tuple(file.read_text() for file in sorted((_HOUSE / "bpmn").glob(pattern)))


@lru_cache(maxsize=1)
def _schema() -> Any:
    return make_schema()


def _document(text: str) -> None:
    document = _schema().documents.read(text)
    document.operation(None)
    document.fresh_errors()


def _model(text: str) -> None:
    lint(ProcessPackage(Path("p"), _MANIFEST, _bytes(text), model_name="p.bpmn"))


def _form(text: str) -> None:
    form = form_of(text, "ask.form")
    form_errors(form, {"offers": ["a", 1]}, {"email": "a@b.c", "code": "a" * 100, "n": 1.5, "x": {"y": [1]}})


def _variables(text: str) -> None:
    said = read_json(_bytes(text), 100_000)
    if isinstance(said, dict):
        schema = said.get("schema")
        if isinstance(schema, dict):
            check_schema(schema, "manifest.yaml: input")
            errors_of(schema, said)


def _search(text: str) -> None:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(said, dict):
        matching(PROCESS_INSTANCES, Body(said).inner("filter").fields(), (8, 9))


def _expression(text: str) -> None:
    values: Mapping[str, Any] = {"a": 1, "b": "text", "c": [1, 2, {"d": None}], "e": {"f": "x" * 200}}
    feel.parse(text).evaluate(lambda name: values.get(name, feel.MISSING), 1_700_000_000_000)


def _unary(text: str) -> None:
    feel.parse_unary_tests(text).evaluate(5, lambda name: feel.MISSING, 1_700_000_000_000)


def _pattern(text: str) -> None:
    pattern, _, subject = text.partition("\n")
    is_found(pattern, subject)


def _java_pattern(text: str) -> None:
    pattern, _, subject = text.partition("\n")
    values = {"p": pattern, "t": subject}
    for expression in ("matches(t, p)", 'replace(t, p, "$1")', "split(t, p)", "extract(t, p)"):
        try:
            feel.parse(expression).evaluate(lambda name: values.get(name, feel.MISSING), 0)
        except feel.FeelFailure:
            continue


def _decision_file(text: str) -> None:
    decisions = {"d.dmn": decisions_in(_bytes(text), Path("p/d.dmn"))}
    found = lint(ProcessPackage(Path("p"), _MANIFEST, _CALLS, model_name="p.bpmn", decisions=decisions))
    assert not [one for one in found if "The rule broke" in one.message]


def _decision(text: str) -> None:
    for one in dmn.read("d.dmn", _bytes(text), MAX_NEW_ELEMENTS).decisions.values():
        dmn.evaluate(one, {"a": 1, "season": "Winter", "guests": 8}, 1_700_000_000_000)


def _artifact(text: str) -> None:
    signed = read_artifact(_bytes(text), "p_v1.0.0.yaml")
    if signed.artifact.case:
        read_case(signed.artifact.case, "p_v1.0.0.yaml")


def _scenario(text: str) -> None:
    file = Path("scenarios/p.json")
    cases_of(json_text(_bytes(text), str(file)), file)


@lru_cache(maxsize=1)
def _signed() -> str:
    package = load_package(_HOUSE / "bpmn" / "hello_world")
    named = {**package.manifest.model_dump(), "name": "p", "version": "1.0.0"}
    renamed = package.bpmn.replace(b"hello_world", b"p")
    made = artifact_of(ProcessPackage(Path("p"), Manifest.model_validate(named), renamed, model_name="p.bpmn"))
    return sign(made, new_key()[0]).decode()


_YAML_WORDS = (
    *("a: ", "- ", "&a ", "*a", "<<: ", "{", "}", "[", "]", ",", ": ", "|\n", ">-\n", "!!", "\n", "  ", "\t", "'", '"'),
    *("#", "---\n", "...\n", "? ", "\x00", "2026-99-99", "=", "~", "=a > 1", "steps:", "transitions:", "on: ", "to: "),
    *("kind: human", "kind: decision", "kind: final", "when: ", "sha256: ", "text: |\n", "artifact: zeebe-fleet/1\n"),
)
_DECISIONS = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="g" name="G" namespace="n">',
    '<decision id="d" name="D"><variable name="d" typeRef="string"/><decisionTable hitPolicy="COLLECT" '
    'aggregation="SUM"><input id="i"><inputExpression><text>season</text></inputExpression></input>'
    '<output id="o" name="dish"/><rule id="r"><inputEntry><text>"Winter"</text></inputEntry><outputEntry>'
    "<text>guests + 1</text></outputEntry></rule></decisionTable></decision>",
    '<businessKnowledgeModel id="k" name="k"><encapsulatedLogic><formalParameter name="n" typeRef="number"/>'
    "<literalExpression><text>n * 2</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>"
    '<decision id="e" name="E"><informationRequirement><requiredDecision href="#d"/></informationRequirement>'
    '<knowledgeRequirement><requiredKnowledge href="#k"/></knowledgeRequirement><context><contextEntry>'
    '<variable name="x"/><literalExpression><text>k(a)</text></literalExpression></contextEntry></context></decision>',
    "</definitions>",
)
_FEEL = (
    *('if a > 1 then "x" else null', "for x in 1..10 return x * 2", "some x in c satisfies x = 1", "c[item > 1]"),
    *('date("2026-11-29") + duration("P1D")', "{a: 1, b: a + 1}.b", "function(x) x + 1", "a in [1..5)", "-a ** 2"),
    *('substring(b, 1, 2) + "y"', "not(a = 1 and b != null)", '@"2026-11-29T10:00:00Z"', "a instance of number"),
    *('string join(["a"], ",")', "sort(c, function(x, y) x < y)", "get or else(null, 1)", "string(c)"),
)
_FEEL_WORDS = (
    *("(", ")", "[", "]", "{", "}", ",", "..", ".", ":", '"', "\\", "+", "-", "*", "/", "**", "=", "!=", "<", ">="),
    *(" and ", " or ", "if ", " then ", " else ", "for x in ", " return ", "some ", "every ", " satisfies ", " in "),
    *(
        "function(x) ",
        "null",
        "true",
        "1",
        "1e9",
        "9" * 40,
        "item",
        "?",
        "not(",
        "@",
        "count(",
        "x",
        "a",
        "b",
        "c",
        "e",
    ),
    *('date("', 'duration("P', "//", "/*", "*/", "\n", "\u2028", "😀", "`", " between ", " instance of ", "{x: "),
)
_XML_WORDS = (
    *(
        "<",
        ">",
        "/>",
        "</",
        "<bpmn:task id='x'/>",
        "<bpmn:subProcess id='y'>",
        "</bpmn:subProcess>",
        " id='x'",
        "&amp;",
    ),
    *(
        "&x;",
        "<!DOCTYPE x [",
        "]>",
        "<!ENTITY x 'y'>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?x ?>",
        "=a + 1",
        "=",
        "\x00",
    ),
    *(" attachedToRef='x'", " sourceRef='x'", " targetRef='y'", "<bpmn:multiInstanceLoopCharacteristics/>", "R3/PT1S"),
    *(" isExecutable='true'", "<zeebe:formDefinition formKey='camunda-forms:bpmn:f'/>", "0 0 0 * * *", " x='1e999'"),
)
_JSON_WORDS = (
    *("{", "}", "[", "]", ",", ":", '"', "\\", "\\u0000", "\\ud800", "null", "true", "1e400", "-0", "NaN", "9" * 5_000),
    *('"schema"', '"pattern"', '"^(a+)+$"', '"(?=a)"', '"$ref"', '"#"', '"properties"', '"type"', '"components"'),
    *('"group"', '"validate"', '"key"', '"items"', '"anyOf"', '"$like"', '"$or"', '"filter"', "\ufeff", "\ud800", " "),
    *('"patternProperties"', '"uniqueItems"', '"unevaluatedProperties"', '"decimalDigits"', '"textfield"', '"values"'),
)
_PATTERN_WORDS = (
    *(
        "(",
        ")",
        "(?:",
        "(?=",
        "(?<n>",
        "\\k<n>",
        "\\1",
        "[",
        "]",
        "[^",
        "-",
        "&&",
        "|",
        "*",
        "+",
        "?",
        "{2,900}",
        "{1000}",
    ),
    *(
        "\\d",
        "\\S",
        "\\p{L}",
        "\\P{Lu}",
        "\\b",
        "^",
        "$",
        ".",
        "\\",
        "\\u{1F600}",
        "\\ud83d\\ude00",
        "\\x41",
        "\\cA",
        "a",
    ),
    *(
        "(?i)",
        "(?i:",
        "\\Q",
        "\\E",
        "\\Z",
        "\\R",
        "\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
        "++",
        "(?>",
        "\ud800",
        "😀",
        "K",
    ),
)
_FORM = (
    '{"schema": {"properties": {"a": {"pattern": "^a+$"}, "b": {"items": {"$ref": "#/$defs/x"}}}, "$defs": {"x": {}}},'
)
PARSERS: dict[str, Parser] = {
    "graphql": Parser(
        _document,
        (),
        (
            "query A($x: Int = 1) { workflows(first: $x) { edges { node { ...F } } } } "
            "fragment F on Workflow { state }",
            'mutation { startWorkflow(input: {processName: "p", variables: {a: [1, null]}}) { __typename } }',
            "subscription { workflow(workflowId: 1) { state @skip(if: true) } }",
            "{ __schema { types { fields { type { ofType { ofType { name } } } } } } }",
        ),
        (
            *(
                "{",
                "}",
                "(",
                ")",
                "[",
                "]",
                ":",
                "...",
                "... F ",
                "fragment F on Workflow ",
                "query ",
                "$x",
                "@skip(if: $x)",
            ),
            *(
                " workflows ",
                " node ",
                '"',
                '"""',
                "\\u{110000}",
                "#",
                "\n",
                "1e9",
                " a: state ",
                " on ",
                "!",
                "|",
                "&",
                "😀",
            ),
        ),
    ),
    "manifest": Parser(
        lambda text: manifest_of(_bytes(text), "manifest.yaml"),
        (DefinitionError,),
        (*_shipped("*/manifest.yaml"), "a: &a [1]\nb: *a\nc: {<<: {x: 1}}\n", "? [a]\n: |\n  x\n"),
        (
            *(
                "a: ",
                "- ",
                "&a ",
                "*a",
                "<<: ",
                "{",
                "}",
                "[",
                "]",
                ",",
                ": ",
                "|",
                ">",
                "!!",
                "!!int ",
                "!!python/name:os ",
            ),
            *(
                "\n",
                "  ",
                "\t",
                "'",
                '"',
                "#",
                "---\n",
                "...\n",
                "%YAML 9.9\n",
                "? ",
                "\x00",
                "\x85",
                "2026-99-99",
                "0o9",
            ),
            *(
                "input: ",
                "pattern: '(a+)+'",
                "$ref: '#'",
                "access: everybody\n",
                "=",
                "~",
                "1_000",
                "190:20:30",
                "\ud800",
            ),
        ),
    ),
    "model": Parser(
        _model, (DefinitionError,), (*_shipped("*/*.bpmn"), chain(3), layers(2, 2, "parallelGateway")), _XML_WORDS
    ),
    "engine-model": Parser(
        lambda text: read("p.bpmn", _bytes(text), MAX_NEW_ELEMENTS),
        (Refused,),
        (*_shipped("*/*.bpmn"), chain(3)),
        _XML_WORDS,
    ),
    "decision-files": Parser(
        _decision_file,
        (DefinitionError,),
        _shipped("*/*.dmn"),
        (
            *("<decision id='dish'", "</decision>", "<decisionTable", "<input>", "<inputEntry>", "<text>", "</text>"),
            *(
                "<output name='x'/>",
                "hitPolicy='COLLECT'",
                "aggregation='SUM'",
                "typeRef='date'",
                "href='#dish'",
                "id=''",
            ),
            *("<!DOCTYPE a>", "<context><contextEntry>", "not(1)", "[1..", "purchase_urgency"),
        ),
    ),
    "decisions": Parser(
        _decision,
        (Refused,),
        ("".join(_DECISIONS), _DECISIONS[0] + _DECISIONS[1] + _DECISIONS[3]),
        (
            *_XML_WORDS,
            *_DECISIONS[1:3],
            "<list>",
            "</list>",
            "<relation>",
            "<row>",
            "<column name='c'/>",
            "<invocation>",
        ),
    ),
    "case": Parser(
        lambda text: read_case(yaml_of(_bytes(text), "case.yaml"), "case.yaml"),
        (DefinitionError,),
        _shipped("*/case.yaml"),
        _YAML_WORDS,
    ),
    "artifact": Parser(_artifact, (DefinitionError,), (_signed(),), _YAML_WORDS),
    "scenarios": Parser(
        _scenario, (DefinitionError,), tuple(text[:20_000] for text in _shipped("*/scenarios/*.json")), _JSON_WORDS
    ),
    "publishers": Parser(
        lambda text: policy_of(_bytes(text), "publishers.yaml"),
        (DefinitionError,),
        (f'publishers:\n  - name: ci\n    key: "{new_key()[1]}"\n    may_publish: ["expense_*"]\n',),
        (*_YAML_WORDS, "*" * 30, "ed25519:", "retired: true", "revoked: because"),
    ),
    "form": Parser(_form, (DefinitionError,), _shipped("*/*.form"), _JSON_WORDS),
    "feel": Parser(_expression, (feel.FeelSyntaxError, feel.FeelFailure), _FEEL, _FEEL_WORDS),
    "unary-tests": Parser(
        _unary,
        (feel.FeelSyntaxError, feel.FeelFailure),
        ("< 5", "[1..5]", "not(1, 2)", "-", '"a", "b"', "? > 1 and ? < 9", 'date("2026-11-29")'),
        _FEEL_WORDS,
    ),
    "pattern": Parser(
        _pattern,
        (PatternError, TooLongToMatch),
        ("^[A-Z]{2}\\d+$\nDE12", "^(?:a|b)*[^c-e]\\p{L}\nababx", "(a+)+$\naaaaaaaaaaaaaaaa!"),
        _PATTERN_WORDS,
    ),
    "java-pattern": Parser(
        _java_pattern, (), ("(?i)[a-z&]+\\s*$\nabc \n", "(\\w+)@(\\w+)\na@b c@d", "\\Qa.b\\E|x\na.b"), _PATTERN_WORDS
    ),
    "json-body": Parser(
        _variables,
        (NotJson, DefinitionError, UnfitSchema),
        (_FORM + ' "a": "aaa", "b": [1, {"c": null}]}', '{"a": 1.50, "b": {"c": [true, "\\ud83d\\ude00"]}}'),
        _JSON_WORDS,
    ),
    "engine-document": Parser(cut, (Rejected,), ('{"a": 1, "b": [1.5, {"c": "d"}]}', "{}"), _JSON_WORDS),
    "engine-search": Parser(
        _search,
        (Problem, InvalidSearch),
        (
            '{"filter": {"state": "ACTIVE", "processDefinitionId": {"$like": "a*?\\\\*"}}}',
            '{"filter": {"$or": [{"state": "A"}]}}',
        ),
        _JSON_WORDS,
    ),
}
