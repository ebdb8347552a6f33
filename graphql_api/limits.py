"""How much one document may ask for, told by one walk before anything that takes longer than its text is long.

Validation compares fields by pairs, and a fragment that is spread twice by the next doubles with each: so documents are
counted first, as flat text, then measured with every fragment walked once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DefinitionNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
)

from zeebe_fleet.graphql_api.paging import DEFAULT_PAGE, MAX_PAGE
from zeebe_fleet.graphql_api.settings import Limits

TOO_LARGE = "DOCUMENT_TOO_LARGE"
"""Code of a document that asks for more than it may."""
_INTROSPECTED = 5
"""Fields of the schema itself that take as long as one that is read."""
_LIST_SIZE = 10
_INTROSPECTION = frozenset(
    {"types", "fields", "args", "inputFields", "enumValues", "possibleTypes", "interfaces", "directives", "edges"}
)
"""Lists that are counted as they are; edges, by the page around them."""
_LISTS = dict.fromkeys(("steps", "attempts", "activities", "children", "events", "reruns", "effects"), _LIST_SIZE)
_LISTS |= {"load": 2 * _LIST_SIZE} | dict.fromkeys(("transitions", "moves"), 5 * _LIST_SIZE)
_LISTS |= dict.fromkeys(("elements", "variables", "jobs", "incidents", "calledInstances"), 10 * _LIST_SIZE)

Fragments = Mapping[str, FragmentDefinitionNode]


@dataclass(frozen=True, slots=True)
class Extent:
    """What a selection set asks for where it stands once.

    Args:
        per_entry: fields besides for each entry of the page that stands around it.
    """

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    per_entry: int = 0

    def __add__(self, other: Extent) -> Extent:
        return Extent(
            max(self.depth, other.depth),
            self.aliases + other.aliases,
            self.fields + other.fields,
            self.per_entry + other.per_entry,
        )


def check_counts(document: DocumentNode, limits: Limits) -> None:
    """Refuse a document that holds too much of anything, as it was written.

    Raises:
        GraphQLError: it does.
    """
    names: Counter[str] = Counter()
    selections = spreads = variables = 0
    for definition in document.definitions:
        variables += len(getattr(definition, "variable_definitions", None) or ())
        for node in written(definition):
            selections += 1
            if isinstance(node, FieldNode):
                names[(node.alias or node.name).value] += 1
            elif isinstance(node, FragmentSpreadNode):
                spreads += 1
    pairs = sum(count * count for count in names.values())
    _at_most(len(document.definitions), limits.definitions, "operations and fragments")
    _at_most(variables, limits.variable_definitions, "variables")
    _at_most(selections, limits.selections, "fields and fragments to spread")
    _at_most(spreads, limits.spreads, "fragments to spread")
    _at_most(pairs, limits.overlaps, "pairs of fields of one name")


def measure(document: DocumentNode, limits: Limits, lists: Mapping[str, int]) -> Mapping[OperationDefinitionNode, int]:
    """Return what each operation may read at most, in fields.

    Args:
        lists: fields that return a list as a whole, and how long it may be.

    Raises:
        GraphQLError: fragments spread each other in a circle; or an operation is too deep, has too many aliases, or
            may read too much.
    """
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    walk = _Walk(lists, {})
    for fragment in _innermost_first(fragments):
        walk.extents[fragment.name.value] = walk.of(fragment.selection_set)
    costs: dict[OperationDefinitionNode, int] = {}
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            extent = walk.of(operation.selection_set)
            _check(extent, operation, limits)
            costs[operation] = extent.fields + DEFAULT_PAGE * extent.per_entry
    return costs


def count_entries(kind: GraphQLType | None, value: Any, limit: int) -> int:
    """Return how many entries the lists in the value of a variable have together; it stops counting above a limit.

    Args:
        kind: the variable's type; what is a scalar to it, JSON as well, is one value.
    """
    count, waiting = 0, [(kind, value)]
    while waiting and count <= limit:
        of, one = waiting.pop()
        of = of.of_type if isinstance(of, GraphQLNonNull) else of
        if isinstance(of, GraphQLList):
            entries = one if isinstance(one, list) else [one]
            count += len(entries)
            waiting += [(of.of_type, entry) for entry in entries[:limit]]
        elif isinstance(of, GraphQLInputObjectType) and isinstance(one, dict):
            waiting += [(field.type, one[name]) for name, field in of.fields.items() if name in one]
    return count


def list_sizes(schema: GraphQLSchema, more: Mapping[str, int]) -> Mapping[str, int]:
    """Return how long the lists of a schema may be; those of introspection as they are on average."""
    types = list(schema.type_map.values())
    holders = [one for one in types if isinstance(one, GraphQLObjectType | GraphQLInterfaceType)]
    inputs = [one for one in types if isinstance(one, GraphQLInputObjectType)]
    fields = [field for holder in holders for field in holder.fields.values()]
    return {
        "types": len(types),
        "fields": _mean(sum(len(one.fields) for one in holders), len(types)),
        "args": _mean(sum(len(one.args) for one in fields), len(fields)),
        "inputFields": _mean(sum(len(one.fields) for one in inputs), len(types)),
        "enumValues": _mean(sum(len(one.values) for one in types if isinstance(one, GraphQLEnumType)), len(types)),
        "possibleTypes": _mean(sum(len(one.types) for one in types if isinstance(one, GraphQLUnionType)), len(types)),
        "directives": len(schema.directives),
        **{name: _LIST_SIZE for holder in holders for name, field in holder.fields.items() if _is_list(name, field)},
        **_LISTS,
        **more,
    }


def _is_list(name: str, field: GraphQLField) -> bool:
    """Tell whether a field holds objects: how many, nobody may have said."""
    is_list = isinstance(get_nullable_type(field.type), GraphQLList)
    return is_list and is_composite_type(get_named_type(field.type)) and name not in _INTROSPECTION


def reachable(definition: DefinitionNode, fragments: Fragments) -> list[DefinitionNode]:
    """Return a definition and all fragments that it spreads, each once."""
    found: dict[int, DefinitionNode] = {}
    waiting = [definition]
    while waiting:
        one = waiting.pop()
        if id(one) not in found:
            found[id(one)] = one
            waiting += [fragments[name] for name in _spread_names(one) if name in fragments]
    return list(found.values())


def written(definition: DefinitionNode) -> Iterator[SelectionNode]:
    """Yield all selections that stand in a definition itself."""
    waiting: list[SelectionSetNode] = [one for one in [getattr(definition, "selection_set", None)] if one]
    while waiting:
        for node in waiting.pop().selections:
            yield node
            if isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
                waiting.append(node.selection_set)


def _spread_names(definition: DefinitionNode) -> list[str]:
    return [node.name.value for node in written(definition) if isinstance(node, FragmentSpreadNode)]


def _innermost_first(fragments: Fragments) -> Iterator[FragmentDefinitionNode]:
    """Yield each fragment behind those that it spreads.

    Raises:
        GraphQLError: there is a circle.
    """
    done: set[str] = set()
    for first in fragments:
        path = {first: iter(_spread_names(fragments[first]))}
        while path and first not in done:
            name, spread = next(reversed(path.items()))
            inner = next((one for one in spread if one in fragments and one not in done), None)
            if inner in path:
                raise _refused(f"Fragment '{inner}' spreads itself.")
            if inner is not None:
                path[inner] = iter(_spread_names(fragments[inner]))
                continue
            del path[name]
            done.add(name)
            yield fragments[name]


@dataclass(frozen=True, slots=True)
class _Walk:
    """Adds up what selections ask for; `extents` are those of the fragments walked so far."""

    lists: Mapping[str, int]
    extents: dict[str, Extent]

    def of(self, selections: SelectionSetNode | None) -> Extent:
        extent = Extent()
        for node in selections.selections if selections else ():
            if isinstance(node, FragmentSpreadNode):
                extent += self.extents.get(node.name.value, Extent())
            elif isinstance(node, InlineFragmentNode):
                extent += self.of(node.selection_set)
            elif isinstance(node, FieldNode):
                extent += self._field(node)
        return extent

    def _field(self, node: FieldNode) -> Extent:
        within = self.of(node.selection_set)
        is_introspection = node.name.value.startswith("__")
        depth = 0 if is_introspection or not node.selection_set else within.depth + 1
        aliases = within.aliases + (node.alias is not None)
        page = _page(node)
        if is_introspection:
            return Extent(depth, aliases, 1 + within.fields // _INTROSPECTED)
        if node.name.value == "edges":
            return Extent(depth, aliases, 0, 1 + within.fields + DEFAULT_PAGE * within.per_entry)
        if within.per_entry:
            return Extent(depth, aliases, 1 + within.fields + (page or DEFAULT_PAGE) * within.per_entry)
        size = page or (self.lists.get(node.name.value, 1) if node.selection_set else 1)
        return Extent(depth, aliases, 1 + size * within.fields)


def _page(field: FieldNode) -> int | None:
    """Return the size that a field is asked for; one that is given as a variable counts as the largest."""
    for argument in field.arguments or ():
        if argument.name.value in ("first", "limit"):
            value = argument.value.value if isinstance(argument.value, IntValueNode) else ""
            return min(MAX_PAGE, max(1, int(value))) if 0 < len(value) < len(str(MAX_PAGE)) + 2 else MAX_PAGE
    return None


def _check(extent: Extent, operation: OperationDefinitionNode, limits: Limits) -> None:
    name = operation.name.value if operation.name else "anonymous"
    if extent.depth > limits.depth:
        raise _refused(f"'{name}' exceeds maximum operation depth of {limits.depth}.")
    _at_most(extent.aliases, limits.aliases, "aliases")
    if extent.fields + DEFAULT_PAGE * extent.per_entry > limits.complexity:
        raise _refused(
            f"This operation may read more than {limits.complexity} fields; "
            "ask for fewer at once, or for smaller pages."
        )


def _at_most(count: int, limit: int, what: str) -> None:
    if count > limit:
        raise _refused(f"The document has more than {limit} {what}; ask for less at once.")


def _refused(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": TOO_LARGE})


def _mean(total: int, among: int) -> int:
    return max(1, round(total / max(1, among)))
