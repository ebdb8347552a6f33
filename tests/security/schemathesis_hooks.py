"""What schemathesis must know of the schema: scalars of ours, and what is a bug."""

from __future__ import annotations

from typing import Any

import schemathesis
from graphql import NameNode, ObjectFieldNode
from hypothesis import strategies as st
from hypothesis_graphql import nodes

_TEXTS = st.text(max_size=20)
_LEAVES = st.one_of(_TEXTS.map(nodes.String), st.integers().map(nodes.Int), st.booleans().map(nodes.Boolean))
_OBJECTS = st.dictionaries(st.from_regex("[a-z]{1,5}", fullmatch=True), _LEAVES, max_size=4).map(
    lambda fields: nodes.Object(
        [ObjectFieldNode(name=NameNode(value=name), value=value) for name, value in fields.items()]
    )
)

schemathesis.graphql.scalar("EngineKey", st.integers(-(2**70), 2**70).map(str).map(nodes.String))
schemathesis.graphql.scalar("JSON", st.one_of(_LEAVES, _OBJECTS))


@schemathesis.check  # type: ignore[untyped-decorator, unused-ignore]
def no_bug_is_met(_context: Any, response: Any, _case: Any) -> None:
    """Nothing is masked as an internal error, and nothing but an answer is answered."""
    assert response.status_code < 500, f"status {response.status_code}"
    for error in response.json().get("errors", ()):
        assert error.get("extensions", {}).get("code") != "INTERNAL", error
