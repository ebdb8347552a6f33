"""Documents as they may be executed: read, measured and validated once, for every transport by the same code.

Each step is bounded by the one before: the text by its length, parsing by tokens, measuring by what was counted, and
validation, the only one that compares by pairs, by what was measured.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    MaxIntrospectionDepthRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    type_from_ast,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from zeebe_fleet.graphql_api.caches import Cache
from zeebe_fleet.graphql_api.known import KnownOperations
from zeebe_fleet.graphql_api.limits import TOO_LARGE, check_counts, count_entries, list_sizes, measure
from zeebe_fleet.graphql_api.settings import Limits
from zeebe_fleet.workers.contract.errors import FleetError

_RULES = (*specified_rules, MaxIntrospectionDepthRule, MaybeNullValidationRule, OneOfInputValidationRule)
NOT_KNOWN = "OPERATION_NOT_KNOWN"
"""Code of what is not executed in production."""
KEPT_BYTES = 8_388_608
_TOKEN_BYTES = 800
"""What a token takes at most with its part of the tree."""
_ERROR_BYTES = 2_000
_TOLD = 20
"""Errors of one document; who has more to mend sees the rest the next time."""
_LONGEST_MESSAGE = 500


@dataclass(frozen=True, slots=True)
class Document:
    """A text that was read.

    Args:
        tree: nothing where the text is none, or asks for too much.
        costs: how many fields each operation may read.
        unknown: operations that are not executed here.
        errors: why it cannot be executed; they hold nothing of the tree.
    """

    text: str
    tree: DocumentNode | None = None
    costs: Mapping[OperationDefinitionNode, int] = field(default_factory=dict)
    unknown: frozenset[OperationDefinitionNode] = frozenset()
    errors: tuple[GraphQLError, ...] = ()

    def operations(self, name: str | None) -> list[OperationDefinitionNode]:
        """Return what a name may mean; all operations where there is none.

        Source: https://spec.graphql.org/October2021/#GetOperation()
        """
        return [one for one in self.costs if name is None or (one.name and one.name.value == name)]

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """Return the operation that is meant, if that can be told, and if it is one that is executed here."""
        found = self.operations(name)
        return found[0] if len(found) == 1 and found[0] not in self.unknown else None

    def is_subscription(self, name: str | None) -> bool:
        """Tell whether the operation that is meant streams; what cannot be told is for others to refuse."""
        operation = self.operation(name)
        return operation is not None and operation.operation is OperationType.SUBSCRIPTION

    @property
    def fragments(self) -> dict[str, FragmentDefinitionNode]:
        """Its fragments by their names."""
        definitions = self.tree.definitions if self.tree else ()
        return {one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)}

    def fresh_errors(self) -> list[GraphQLError]:
        """Return its errors to be raised: one that is raised again and again would hold all who did."""
        return [_light(one) for one in self.errors]


class Documents:
    """Reads documents for a schema.

    Args:
        lists: fields of this schema alone that return a list as a whole, and how long it may be.
        rules: of validation, besides those of the specification.
        known: all that is executed; nothing where anything may be.
        keep_bytes: what remembered documents may take.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        lists: Mapping[str, int],
        rules: Sequence[type[ASTValidationRule]] = (),
        known: KnownOperations | None = None,
        keep_bytes: int = KEPT_BYTES,
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._lists = list_sizes(schema, lists)
        self._rules = (*_RULES, *rules)
        self._known = known
        self._kept: Cache[Document] = Cache(keep_bytes)

    def read(self, text: str, pay_s: Callable[[float], None] | None = None) -> Document:
        """Read a text, or remember what it was.

        Args:
            pay_s: told how much of the processor's time it took, where it was not remembered.
        """
        if len(text) > self._limits.characters:
            return Document("", errors=(_too_long(self._limits.characters),))
        found = self._kept.get(text)
        if found is None:
            began_s = time.thread_time()
            found = self._read(text)
            if pay_s is not None:
                pay_s(time.thread_time() - began_s)
            self._kept.keep(text, found, _size_bytes(found))
        return found

    def check_known(self) -> None:
        """See to it that what is known can be executed.

        Raises:
            FleetError: an operation does not fit the schema, or asks for too much.
        """
        for where, text in self._known.documents.items() if self._known else ():
            if errors := self.read(text).errors:
                raise FleetError(f"{where} does not fit the API: {errors[0].message}", "Correct the operation.")

    def check_variables(
        self, operation: OperationDefinitionNode | None, variables: Mapping[str, Any]
    ) -> list[GraphQLError]:
        """Return what is too long among variables that are read entry by entry: all but what is JSON in them."""
        limit = self._limits.entries
        for definition in operation.variable_definitions or () if operation else ():
            name = definition.variable.name.value
            if count_entries(type_from_ast(self._schema, definition.type), variables.get(name), limit) > limit:
                said = f"The variable '${name}' has more than {limit:,} entries."
                return [GraphQLError(said, extensions={"code": TOO_LARGE})]
        return []

    @property
    def kept_bytes(self) -> int:
        """What remembered documents take."""
        return self._kept.size_bytes

    def _read(self, text: str) -> Document:
        try:
            tree = parse(text, max_tokens=self._limits.tokens)
            check_counts(tree, self._limits)
            costs = measure(tree, self._limits, self._lists)
        except GraphQLError as error:
            return Document(text, errors=(_light(error),))
        except RecursionError:
            return Document(text, errors=(GraphQLError("The document is nested too deep."),))
        unknown: frozenset[OperationDefinitionNode] = self._known.unknown(tree) if self._known else frozenset()
        if unknown and len(unknown) == len(costs):
            return Document(text, errors=(not_known(),))
        errors = validate(self._schema, tree, self._rules, max_errors=_TOLD)
        return Document(text, tree, costs, unknown, tuple(_light(one) for one in errors))


class ReadDocuments(SchemaExtension):
    """Gives strawberry the documents that were read, instead of having it parse and validate."""

    def on_parse(self) -> Iterator[None]:
        """Give the tree, or refuse."""
        context = self.execution_context
        document = documents_of(context.schema).read(context.query or "")
        if document.tree is None:
            raise document.fresh_errors()[0]
        context.graphql_document = document.tree
        yield

    def on_validate(self) -> Iterator[None]:
        """Tell what is wrong with it."""
        context = self.execution_context
        document = documents_of(context.schema).read(context.query or "")
        context.pre_execution_errors = document.fresh_errors() or documents_of(context.schema).check_variables(
            document.operation(context._provided_operation_name), context.variables or {}
        )
        yield


def documents_of(schema: object) -> Documents:
    """Return what reads the documents of a schema."""
    documents = getattr(schema, "documents", None)
    assert isinstance(documents, Documents), "a schema of ours"
    return documents


def _size_bytes(document: Document) -> int:
    size_bytes = sys.getsizeof(document.text) + _ERROR_BYTES * (1 + len(document.errors))
    if document.tree is None or document.tree.loc is None:
        return size_bytes
    token, tokens = document.tree.loc.start_token.next, 1
    while token is not None:
        token, tokens = token.next, tokens + 1
    return size_bytes + tokens * _TOKEN_BYTES


def _light(error: GraphQLError) -> GraphQLError:
    """Return an error by the places in its text, without the tree that its nodes belong to."""
    message = error.message if len(error.message) <= _LONGEST_MESSAGE else f"{error.message[:_LONGEST_MESSAGE]}…"
    source = error.source or (error.nodes[0].loc.source if error.nodes and error.nodes[0].loc else None)
    places = list(error.positions or ())[:2]
    return GraphQLError(message, None, source, places or None, extensions=error.extensions or None)


def not_known() -> GraphQLError:
    """Return what refuses an operation that is not executed here."""
    said = {"code": NOT_KNOWN, "suggestion": "Ask whoever runs this to add it to FLEET_API__OPERATIONS."}
    return GraphQLError("This operation is none of those that are executed here.", extensions=said)


def _too_long(limit: int) -> GraphQLError:
    return GraphQLError(
        f"The document has more than {limit} characters; send values as variables.", extensions={"code": TOO_LARGE}
    )
