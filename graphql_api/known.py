"""Operations that were known before: in production nothing else is executed.

An operation is told by what it says: blanks, comments, and the order of its fragments are no matter, and fragments that
it does not use are none of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from graphql import DocumentNode, FragmentDefinitionNode, GraphQLError, OperationDefinitionNode, parse, print_ast

from zeebe_fleet.graphql_api.limits import Fragments, reachable
from zeebe_fleet.workers.contract.errors import FleetError

OURS = Path(__file__).parent / "persisted"
"""What the pages send."""
_GRAPHQL = (".graphql", ".gql")
_CORRECT = "Correct it, or take it from FLEET_API__OPERATIONS."


class KnownOperations:
    """Operations by what they say, and texts by their hashes.

    Args:
        texts: documents by where they are from.

    Raises:
        FleetError: one cannot be read.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        trees = {where: _parsed(where, text) for where, text in texts.items()}
        everywhere = {name: one for _, fragments in trees.values() for name, one in fragments.items()}
        self.documents: dict[str, str] = {}
        for where, (operations, fragments) in trees.items():
            for number, operation in enumerate(operations, 1):
                named = operation.name.value if operation.name else f"operation {number}"
                self.documents[f"{where}, {named}"] = _text(operation, {**everywhere, **fragments})
        self._keys = frozenset(key for text in self.documents.values() for key in _keys(parse(text, no_location=True)))
        self._texts = {_digest(text): text for text in [*texts.values(), *self.documents.values()]}

    @classmethod
    def read(cls, paths: Iterable[Path], more: Mapping[str, str]) -> KnownOperations:
        """Read files, and folders with all that is in them: GraphQL, or JSON as clients' tools write it.

        Args:
            more: documents besides, by where they are from.

        Raises:
            FleetError: one cannot be read.
        """
        found = {where: text for path in paths for where, text in _documents_at(path)}
        return cls({**more, **found})

    def unknown(self, tree: DocumentNode) -> frozenset[OperationDefinitionNode]:
        """Return the operations of a document that were not known before."""
        return frozenset(operation for key, operation in _keys(tree).items() if key not in self._keys)

    def text(self, digest: str) -> str | None:
        """Return the document of a SHA-256, if there is one."""
        return self._texts.get(digest)


def _keys(tree: DocumentNode) -> dict[str, OperationDefinitionNode]:
    """Return the operations of a document by what they say; each definition is written once, whoever spreads it."""
    fragments = {one.name.value: one for one in tree.definitions if isinstance(one, FragmentDefinitionNode)}
    written = {id(one): _digest(print_ast(one)) for one in tree.definitions}
    keys: dict[str, OperationDefinitionNode] = {}
    for operation in tree.definitions:
        if isinstance(operation, OperationDefinitionNode):
            first, *spread = [written[id(one)] for one in reachable(operation, fragments)]
            keys[" ".join([first, *sorted(spread)])] = operation
    return keys


def _text(operation: OperationDefinitionNode, fragments: Fragments) -> str:
    first, *spread = reachable(operation, fragments)
    return "\n\n".join([print_ast(first), *sorted(print_ast(one) for one in spread)])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _parsed(where: str, text: str) -> tuple[list[OperationDefinitionNode], dict[str, FragmentDefinitionNode]]:
    try:
        definitions = parse(text, no_location=True).definitions
    except GraphQLError as error:
        raise FleetError(f"{where} cannot be read: {error.message}", _CORRECT) from None
    fragments = {one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)}
    return [one for one in definitions if isinstance(one, OperationDefinitionNode)], fragments


def _documents_at(path: Path) -> Iterator[tuple[str, str]]:
    if not path.exists():
        raise FleetError(f"There are no operations at {path}.", "Correct FLEET_API__OPERATIONS.")
    kinds = (*_GRAPHQL, ".json")
    for file in sorted(one for one in path.rglob("*") if one.suffix in kinds) if path.is_dir() else [path]:
        text = _read(file)
        if file.suffix == ".json":
            yield from ((f"{file}, {name}", one) for name, one in _in_manifest(file, text))
        else:
            yield str(file), text


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FleetError(f"{file} cannot be read: {type(error).__name__}.", _CORRECT) from error


def _in_manifest(file: Path, text: str) -> Iterator[tuple[str, str]]:
    """Yield documents of a manifest, as Apollo's or Relay's tools write it.

    Source: https://www.apollographql.com/docs/react/data/persisted-queries;
    https://relay.dev/docs/guides/persisted-queries/
    """
    try:
        read: Any = json.loads(text)
        listed = read["operations"] if isinstance(read.get("operations"), list) else None
        pairs = [(one["id"], one["body"]) for one in listed] if listed is not None else list(read.items())
    except (ValueError, AttributeError, KeyError, TypeError):
        pairs = [("", None)]
    for name, document in pairs:
        if not isinstance(document, str):
            raise FleetError(f"{file} is no list of operations.", _CORRECT)
        yield str(name), document
