"""Operations as clients send them: read and checked before anything is executed, on every transport alike."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from typing import Any

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.http import GraphQLRequestData

from zeebe_fleet.graphql_api.caches import Cache
from zeebe_fleet.graphql_api.documents import documents_of, not_known
from zeebe_fleet.graphql_api.known import KnownOperations

_KEPT_BYTES = 4_194_304
_LONGEST_NAME = 200


class Refused(Exception):
    """The request is none that can be executed; said in GraphQL's own form.

    Args:
        status: of the answer over HTTP.
        code: what clients know it by.
    """

    def __init__(self, status: int, code: str, message: str, suggestion: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.extensions = {"code": code, "suggestion": suggestion}
        self.headers = {"allow": "POST"} if status == 405 else {}

    def told(self) -> tuple[str, str, str]:
        """Return code, message and suggestion."""
        return self.extensions["code"], self.message, self.extensions["suggestion"]


class PersistedQueries:
    """Documents by their hashes, as Apollo's clients ask for them; those that were used longest ago are forgotten.

    Args:
        known: documents that need not be sent once.

    Source: https://www.apollographql.com/docs/apollo-server/performance/apq
    """

    def __init__(self, known: KnownOperations | None = None) -> None:
        self._at_first = known
        self._documents: Cache[str] = Cache(_KEPT_BYTES)

    def document(self, query: str | None, extensions: dict[str, Any] | None) -> str | None:
        """Return the document that is meant.

        Raises:
            Refused: only its hash was sent, and it is not known; or the hash is another's.
        """
        persisted = (extensions or {}).get("persistedQuery")
        if not isinstance(persisted, dict):
            return query
        digest = str(persisted.get("sha256Hash"))
        if query is None:
            return self._known(digest)
        if hashlib.sha256(query.encode(errors="surrogatepass")).hexdigest() != digest:
            raise Refused(400, "BAD_REQUEST", "The hash is not that of the query.", "Send the SHA-256 of its text.")
        self._documents.keep(digest, query, sys.getsizeof(query) + sys.getsizeof(digest))
        return query

    def _known(self, digest: str) -> str:
        found = self._documents.get(digest) or (self._at_first.text(digest) if self._at_first else None)
        if found is None:
            # the message is part of the protocol
            raise Refused(200, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound", "Send the query with its hash.")
        return found


def read_operation(sent: Any, persisted: PersistedQueries) -> GraphQLRequestData:
    """Read an operation out of JSON.

    Raises:
        Refused: it is none.
    """
    if isinstance(sent, list):
        raise _malformed("Several operations at once are not taken.", "Send one after the other.")
    if not isinstance(sent, dict):
        raise _malformed("The request is no JSON object.", 'Send {"query": "…", "variables": {…}}.')
    kinds = {"query": str, "operationName": str, "variables": dict, "extensions": dict}
    for name, kind in kinds.items():
        if not isinstance(sent.get(name), kind | None):
            what = "a text" if kind is str else "an object"
            raise _malformed(f"{name} is not {what}.", "Leave it out, or correct it.")
    if len(sent.get("operationName") or "") > _LONGEST_NAME:
        raise _malformed(f"operationName has more than {_LONGEST_NAME} characters.", "Name it shorter.")
    query = persisted.document(sent.get("query"), sent.get("extensions"))
    if not query or not query.strip():
        raise _malformed("There is no query in the request.", 'Send {"query": "…"}.')
    return GraphQLRequestData(query, sent.get("variables"), sent.get("operationName"), sent.get("extensions"))


class OneOperation(SchemaExtension):
    """Refuses a document of which nobody can tell what shall be executed.

    Source: https://spec.graphql.org/October2021/#GetOperation()
    """

    def on_parse(self) -> Iterator[None]:
        """Look at what was parsed."""
        yield
        context = self.execution_context
        if context.graphql_document is None:
            return
        name = context._provided_operation_name
        document = documents_of(context.schema).read(context.query or "")
        found = document.operations(name)
        if len(found) == 1 and document.operation(name) is None:
            raise not_known()
        if len(found) == 1:
            return
        if name is not None:
            raise GraphQLError(f"There is no operation {name!r}.", extensions={"code": "BAD_REQUEST"})
        said = "There are several operations: operationName must say which." if found else "There is no operation."
        raise GraphQLError(said, extensions={"code": "BAD_REQUEST"})


def _malformed(message: str, suggestion: str) -> Refused:
    return Refused(400, "BAD_REQUEST", message, suggestion)
