"""The page on the GraphQL schema, from the schema that the API serves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import graphql

from zeebe_fleet.graphql_api.export import schema_text

_HEAD = """\
# GraphQL schema

<!-- Written by `make docs` from graphql_api/. Do not edit. -->

What can be asked at `/graphql`. How to use it, with examples: [start, follow, claim,
complete](../how-to/graphql.md). The same as a file: [schema.graphql](../../graphql_api/schema.graphql).
"""

_ROOTS = ("Query", "Mutation", "Subscription")
_KINDS: tuple[tuple[str, type[Any]], ...] = (
    ("Objects", graphql.GraphQLObjectType),
    ("Outcomes", graphql.GraphQLUnionType),
    ("Interfaces", graphql.GraphQLInterfaceType),
    ("Inputs", graphql.GraphQLInputObjectType),
    ("Enumerations", graphql.GraphQLEnumType),
    ("Scalars", graphql.GraphQLScalarType),
)


def graphql_page() -> str:
    """Return the page."""
    return "\n".join(_page(graphql.build_schema(schema_text())))


def _page(built: graphql.GraphQLSchema) -> Iterator[str]:
    yield _HEAD
    for root in _ROOTS:
        yield f"## {root}\n"
        for name, field in built.type_map[root].fields.items():  # type: ignore[attr-defined]
            yield from _operation(f"{root}.{name}", field)
    types = [one for name, one in sorted(built.type_map.items()) if name not in _ROOTS and not name.startswith("__")]
    for title, kind in _KINDS:
        yield f"## {title}\n"
        for one in types:
            if isinstance(one, kind) and one.name not in graphql.specified_scalar_types:
                yield from _type(one)


def _operation(name: str, field: graphql.GraphQLField) -> Iterator[str]:
    yield f"### {name}\n"
    yield f"{_plain(field.description)} Returns {_linked(field.type)}.\n".lstrip()
    if field.args:
        yield from _table("argument", ((key, one.type, _argument(one)) for key, one in field.args.items()))


def _type(one: Any) -> Iterator[str]:
    yield f"### {one.name}\n"
    if one.description:
        yield f"{_plain(one.description)}\n"
    if isinstance(one, graphql.GraphQLUnionType):
        yield "One of " + ", ".join(_linked(member) for member in one.types) + ".\n"
    elif isinstance(one, graphql.GraphQLEnumType):
        yield ", ".join(f"`{value}`" for value in one.values) + "\n"
    elif isinstance(one, graphql.GraphQLInputObjectType):
        yield from _table("field", ((key, field.type, _argument(field)) for key, field in one.fields.items()))
    elif hasattr(one, "fields"):
        yield from _table("field", ((key, field.type, _plain(field.description)) for key, field in one.fields.items()))


def _table(first: str, rows: Iterator[tuple[str, Any, str]]) -> Iterator[str]:
    yield f"| {first} | type | |"
    yield "|---|---|---|"
    yield from (f"| `{name}` | {_linked(kind)} | {said} |" for name, kind, said in rows)
    yield ""


def _argument(one: graphql.GraphQLArgument | graphql.GraphQLInputField) -> str:
    default = None if one.default_value is graphql.Undefined else graphql.ast_from_value(one.default_value, one.type)
    unless = "" if default is None or one.default_value is None else f"`{graphql.print_ast(default)}` unless given."
    return " ".join(filter(None, (_plain(one.description), unless)))


def _linked(kind: Any) -> str:
    """Write a type with a link to where it is described."""
    written, name = str(kind), graphql.get_named_type(kind).name
    if name in graphql.specified_scalar_types:
        return f"`{written}`"
    return f"[`{written}`](#{name.lower()})"


def _plain(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").strip().replace("|", "\\|")
