"""The logic of a decision as it is written, read into code.

Source: DMN 1.3, 8.3 (decision tables), 10.5 (boxed expressions)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from zeebe_fleet.engine.dmn import boxed
from zeebe_fleet.engine.dmn.markup import child, children
from zeebe_fleet.engine.dmn.model import Code, Knowledge, Traced
from zeebe_fleet.engine.dmn.table import Input, Output, Rule, Table
from zeebe_fleet.engine.feel import FeelSyntaxError, UnaryTests, parse, parse_unary_tests
from zeebe_fleet.engine.model.node import Node
from zeebe_fleet.engine.model.refusal import Problems

_FEEL = frozenset(
    (
        "feel",
        "http://www.omg.org/spec/feel/20140401",
        "http://www.omg.org/spec/dmn/20180521/feel/",
        "https://www.omg.org/spec/dmn/20191111/feel/",
        "https://www.omg.org/spec/dmn/20211108/feel/",
        "https://www.omg.org/spec/dmn/20230324/feel/",
    )
)
_KINDS = {
    "decisionTable": "DECISION_TABLE",
    "literalExpression": "LITERAL_EXPRESSION",
    "context": "CONTEXT",
    "invocation": "INVOCATION",
    "list": "LIST",
    "relation": "RELATION",
    "functionDefinition": "UNKNOWN",
}
_POLICIES = ("UNIQUE", "FIRST", "ANY", "RULE ORDER", "COLLECT")
_AGGREGATIONS = ("SUM", "MIN", "MAX", "COUNT")
_Parsed = TypeVar("_Parsed")


class Logics:
    """Reads logics and notes what is wrong with them."""

    def __init__(self, problems: Problems, knowledge: Mapping[str, Knowledge]) -> None:
        self._problems = problems
        self._knowledge = knowledge
        """Knowledge models that were read already, by their name."""

    def of_decision(self, node: Node) -> tuple[str, Traced]:
        """Return the kind of a decision's logic, and its code."""
        logic = next(iter(children(node, *_KINDS)), None)
        if logic is None or logic.local == "functionDefinition":
            self._problems.add(node, "Must have a decision table or another expression")
            return "UNKNOWN", _nothing
        if logic.local == "decisionTable":
            return _KINDS[logic.local], self._table(logic)
        code = self._code(logic)
        return _KINDS[logic.local], lambda look, run, _: code(look, run)

    def of_knowledge(self, node: Node) -> tuple[boxed.Parameters, Code]:
        """Return the parameters of a knowledge model, and its code; without a logic it gives null."""
        held = child(node, "encapsulatedLogic")
        logic = None if held is None else next(iter(children(held, *_KINDS)), None)
        if held is None or logic is None:
            return (), boxed.literal(parse("null"))
        return _parameters(held), self._code(logic)

    def _code(self, node: Node) -> Code:
        return _READERS[node.local](self, node)

    def _literal(self, node: Node) -> Code:
        text = child(node, "text")
        if text is None:
            self._problems.add(node, f"The expression '{node.id}' must not be empty.")
            return _nothing
        parsed = self._parsed(node, text.text, parse, "FEEL expression")
        return _nothing if parsed is None else boxed.literal(parsed)

    def _context(self, node: Node) -> Code:
        entries: list[tuple[str, Code]] = []
        result: Code | None = None
        written = children(node, "contextEntry")
        for entry in written:
            variable, code = child(entry, "variable"), self._only(entry)
            if variable is not None:
                entries.append((variable.get("name"), code))
            elif entry is written[-1]:
                result = code
            else:
                self._problems.add(entry, "Must have a variable")
        return boxed.context(entries, result)

    def _list(self, node: Node) -> Code:
        return boxed.listed([self._code(one) for one in children(node, *_KINDS)])

    def _relation(self, node: Node) -> Code:
        names = [column.get("name") for column in children(node, "column")]
        rows: list[Sequence[tuple[str, Code]]] = []
        for row in children(node, "row"):
            cells = [self._code(one) for one in children(row, *_KINDS)]
            if len(cells) != len(names):
                self._problems.add(row, f"expected row with '{len(names)}' elements but found '{len(cells)}'")
            rows.append(list(zip(names, cells, strict=False)))
        return boxed.relation(rows)

    def _function(self, node: Node) -> Code:
        body = child(node, "literalExpression")
        if body is None:
            self._problems.add(node, "expected literal expression")
            return _nothing
        return boxed.function(_parameters(node), self._literal(body))

    def _invocation(self, node: Node) -> Code:
        bindings: list[tuple[str, Code]] = []
        for binding in children(node, "binding"):
            parameter, value = child(binding, "parameter"), child(binding, "literalExpression")
            if parameter is None or value is None:
                self._problems.add(binding, "expected binding with literal expression")
            else:
                bindings.append((parameter.get("name"), self._literal(value)))
        called = child(node, "literalExpression")
        text = None if called is None else child(called, "text")
        name = "" if text is None else text.text.strip()
        if name not in self._knowledge:
            self._problems.add(node, f"no BKM found with name '{name}'")
            return _nothing
        return boxed.invocation(bindings, self._knowledge[name])

    def _only(self, node: Node) -> Code:
        logic = next(iter(children(node, *_KINDS)), None)
        if logic is None:
            self._problems.add(node, "Must have an expression")
            return _nothing
        return self._code(logic)

    def _table(self, node: Node) -> Table:
        policy, aggregation = node.get("hitPolicy") or "UNIQUE", node.get("aggregation")
        outputs = [self._output(one) for one in children(node, "output")]
        self._check_policy(node, policy, aggregation, outputs)
        inputs = [self._input(one) for one in children(node, "input")]
        rules = [self._rule(one, len(inputs), len(outputs)) for one in children(node, "rule")]
        return Table(inputs, outputs, rules, policy, aggregation)

    def _check_policy(self, node: Node, policy: str, aggregation: str, outputs: Sequence[Output]) -> None:
        if policy not in _POLICIES:
            told = f"Hit policy '{policy}' is not supported; Camunda's engine knows {', '.join(_POLICIES)}"
            self._problems.add(node, told)
        if aggregation and aggregation not in _AGGREGATIONS:
            self._problems.add(node, f"Aggregation '{aggregation}' is not supported")
        if not outputs:
            self._problems.add(node, "Must have at least one output")
        if len(outputs) > 1 and policy == "COLLECT" and aggregation:
            self._problems.add(node, "hit policy 'COLLECT' with aggregator is not defined for compound output")
        if len(outputs) > 1:
            for output in outputs:
                if not output.name:
                    self._problems.add(node, f"no output name defined for `{output.label or 'null'}`")

    def _input(self, node: Node) -> Input:
        expression = child(node, "inputExpression")
        code: Code = _nothing
        if expression is None:
            self._problems.add(node, "Must have an input expression")
        else:
            code = self._literal(expression)
        return Input(node.id, node.get("label"), code)

    def _output(self, node: Node) -> Output:
        default = child(node, "defaultOutputEntry")
        code = None if default is None else self._literal(default)
        return Output(node.id, node.get("name"), node.get("label"), code)

    def _rule(self, node: Node, inputs: int, outputs: int) -> Rule:
        tests = tuple(self._test(entry) for entry in children(node, "inputEntry"))
        said = tuple(self._literal(entry) for entry in children(node, "outputEntry"))
        if len(tests) != inputs or len(said) != outputs:
            self._problems.add(
                node,
                f"Must have {inputs} input entries and {outputs} output entries, but has {len(tests)} and {len(said)}",
            )
        return Rule(node.id, tests, said)

    def _test(self, node: Node) -> UnaryTests | None:
        text = child(node, "text")
        if text is None or text.text.strip() in ("", "-"):
            return None
        return self._parsed(node, text.text, parse_unary_tests, "FEEL unary-tests")

    def _parsed(self, node: Node, text: str, parser: Callable[[str], _Parsed], what: str) -> _Parsed | None:
        language = (node.get("expressionLanguage") or "feel").lower()
        if language not in _FEEL:
            self._problems.add(node, f"Expression language '{language}' is not supported")
            return None
        try:
            return parser(text)
        except FeelSyntaxError as error:
            self._problems.add(node, f"{what}: {error}")
            return None


_READERS: Mapping[str, Callable[[Logics, Node], Code]] = {
    "decisionTable": Logics._table,
    "literalExpression": Logics._literal,
    "context": Logics._context,
    "list": Logics._list,
    "relation": Logics._relation,
    "functionDefinition": Logics._function,
    "invocation": Logics._invocation,
}


def _parameters(node: Node) -> boxed.Parameters:
    return tuple((one.get("name"), one.get("typeRef")) for one in children(node, "formalParameter"))


def _nothing(*_: object) -> None:
    """Stand for what could not be read: the file is refused before anybody asks."""
