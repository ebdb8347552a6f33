"""How much one query may ask for: depth, aliases, tokens, and a cost estimated before it runs.

The rules are made once for a schema: the validation cache knows documents by the rules they passed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from graphql import (
    ASTValidationRule,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
)
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, ParserCache, SchemaExtension, ValidationCache
from strawberry.extensions.max_aliases import create_validator as alias_rule
from strawberry.extensions.query_depth_limiter import create_validator as depth_rule

from zeebe_fleet.graphql_api.paging import DEFAULT_PAGE, MAX_PAGE
from zeebe_fleet.graphql_api.settings import Limits

CACHED_DOCUMENTS = 512
_LIST_SIZE = 10
_LISTS = dict.fromkeys(("steps", "attempts", "activities", "children", "events", "reruns", "effects"), _LIST_SIZE)
_LISTS |= dict.fromkeys(("elements", "variables", "jobs", "incidents", "calledInstances"), 10 * _LIST_SIZE)


def limiting(limits: Limits, lists: Mapping[str, int]) -> list[Callable[[], SchemaExtension]]:
    """Return the extensions that hold a schema to its limits, and cache what was parsed and validated.

    Args:
        limits: what one request may ask for.
        lists: fields of this schema alone that return a list as a whole, and how long it may be.
    """
    rules: list[type[ASTValidationRule]] = [
        depth_rule(limits.depth, None, None),
        alias_rule(limits.aliases),
        complexity_rule(limits.complexity, {**_LISTS, **lists}),
    ]
    return [
        lambda: MaxTokensLimiter(max_token_count=limits.tokens),
        lambda: AddValidationRules(rules),
        lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
    ]


def complexity_rule(limit: int, lists: Mapping[str, int]) -> type[ValidationRule]:
    """Make a rule that refuses operations whose estimated number of fields is above a limit."""

    class ComplexityRule(ValidationRule):
        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            definitions = context.document.definitions
            fragments = {d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)}
            for operation in definitions:
                if isinstance(operation, OperationDefinitionNode):
                    estimate = _Estimate(fragments, lists, limit)
                    if estimate.cost(operation.selection_set) > limit:
                        context.report_error(
                            GraphQLError(
                                f"This operation may read more than {limit} fields; "
                                "ask for fewer at once, or for smaller pages."
                            )
                        )

    return ComplexityRule


@dataclass(frozen=True, slots=True)
class _Estimate:
    """Of what one operation may read, in fields; it stops counting above the limit."""

    fragments: Mapping[str, FragmentDefinitionNode]
    lists: Mapping[str, int]
    limit: int

    def cost(self, selections: SelectionSetNode | None, open_spreads: frozenset[str] = frozenset()) -> int:
        cost = 0
        for node in selections.selections if selections else ():
            if cost > self.limit:
                return cost
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name in self.fragments and name not in open_spreads:
                    cost += self.cost(self.fragments[name].selection_set, open_spreads | {name})
            elif isinstance(node, InlineFragmentNode):
                cost += self.cost(node.selection_set, open_spreads)
            elif isinstance(node, FieldNode):
                cost += 1 + self._size(node) * self.cost(node.selection_set, open_spreads)
        return cost

    def _size(self, field: FieldNode) -> int:
        """Estimate how many entries a field returns; a page size given as a variable counts as the largest."""
        for argument in field.arguments or ():
            if argument.name.value in ("first", "limit"):
                return int(argument.value.value) if isinstance(argument.value, IntValueNode) else MAX_PAGE
        selected = {
            one.name.value
            for one in (field.selection_set.selections if field.selection_set else ())
            if isinstance(one, FieldNode)
        }
        return DEFAULT_PAGE if "edges" in selected else self.lists.get(field.name.value, 1)
