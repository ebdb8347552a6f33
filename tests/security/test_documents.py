"""Whatever a document is: little work tells whether it may be executed, and little is kept of it."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import pytest
from graphql import GraphQLList, GraphQLObjectType, get_introspection_query, get_named_type, get_nullable_type
from hypothesis import HealthCheck, given, settings, target
from hypothesis import strategies as st

from tests.security.attacks import DOCUMENTS
from tests.security.counting import counted
from zeebe_fleet.adapters import activity_graphql
from zeebe_fleet.deploy import client
from zeebe_fleet.deploy.node import SOURCES
from zeebe_fleet.graphql_api.documents import Documents
from zeebe_fleet.graphql_api.limits import list_sizes
from zeebe_fleet.graphql_api.schema import FleetSchema, make_schema
from zeebe_fleet.graphql_api.settings import Limits

CALLS = 300_000
"""About a tenth of a second on a machine of 2020."""
OURS = [(SOURCES / "src" / "operations.graphql").read_text(), get_introspection_query()]
OURS += [text for module in (client, activity_graphql) for text in vars(module).values() if "{ __typename" in str(text)]

LEAVES = ("workflowId", "state", "__typename", "nonsense", "subject")
NAMES = ("parent", "children", "workflow", "activities", "edges", "node", "me", "__schema", "types", "fields", "type")


@pytest.fixture(scope="module")
def schema() -> FleetSchema:
    """The schema with its limits, which has read nothing yet."""
    return make_schema()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_attack_is_refused_at_little_cost(schema: FleetSchema, name: str) -> None:
    """Before anything is executed, by work that does not grow with what the document would cost."""
    document, calls = counted(lambda: schema.documents.read(DOCUMENTS[name]))
    assert document.errors
    assert calls < CALLS


@pytest.mark.parametrize("text", [one for one in OURS if isinstance(one, str) and one.count("{") == one.count("}")])
def test_what_our_own_clients_send_passes(schema: FleetSchema, text: str) -> None:
    """With room to grow: less than half of each limit."""
    document, calls = counted(lambda: schema.documents.read(text))
    assert document.errors == ()
    assert max(document.costs.values()) < 10_000
    assert calls < CALLS


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Documents out of few words, so that fields meet again and fragments spread each other, in circles too."""
    count = draw(st.integers(0, 70))
    leaf = st.sampled_from(LEAVES)
    spread = st.integers(0, count).map("...F{}".format)
    alias = st.sampled_from(["", "", "", "a: ", "b: "])
    within = st.recursive(
        st.one_of(leaf, spread),
        lambda inner: st.tuples(
            alias, st.sampled_from((*NAMES, "...", "... on Workflow")), st.lists(inner, min_size=1, max_size=4)
        ).map(lambda one: f"{'' if one[1].startswith('.') else one[0]}{one[1]} {{ {' '.join(one[2])} }}"),
        max_leaves=20,
    )
    bodies = draw(st.lists(st.tuples(within, st.integers(1, 60)), min_size=1, max_size=8))
    texts = [" ".join([text] * times) for text, times in bodies]
    fragments = [f"fragment F{n} on Workflow {{ {texts[n % len(texts)]} ...F{n + 1} }}" for n in range(count)]
    kind = draw(st.sampled_from(["", "query ($v: Int) ", "subscription ", "mutation "]))
    return f"{kind}{{ {texts[0]} }} {' '.join(fragments)} fragment F{count} on Workflow {{ state }}"


@settings(max_examples=30, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=documents())
def test_any_document_is_read_by_bounded_work(schema: FleetSchema, text: str) -> None:
    """Whatever is made of fields, aliases and fragments."""
    document, calls = counted(lambda: schema.documents.read(text))
    target(float(calls))
    assert calls < CALLS
    assert len(document.errors) <= 21


def test_what_is_kept_of_documents_is_bounded() -> None:
    """However many different ones leave a few megabytes; it is no matter whether they were valid."""
    documents = Documents(make_schema()._schema, Limits(), {}, keep_bytes=1_000_000)
    fields = "workflowId state origin incident createdAt startedAt endedAt " * 20
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(16):
            documents.read(f"query Q{number} {{ workflows {{ edges {{ node {{ {fields} }} }} }} }}")
            documents.read(f"query Q{number} {{ nonsense{number} }} # {'x' * 30_000}")
        gc.collect()
        after, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 700_000 < documents.kept_bytes <= 1_000_000
    assert after - before < documents.kept_bytes + 500_000
    assert most - before < 5_000_000


def test_document_is_read_once() -> None:
    """From the second time on it is remembered."""
    documents = make_schema().documents
    first = documents.read("{ me { subject } }")
    assert documents.read("{ me { subject } }") is first


COUNTED: dict[str, Callable[[int], str]] = {
    "definitions": lambda n: " ".join(f"query Q{k} {{ me {{ subject }} }}" for k in range(n)),
    "variable_definitions": lambda n: f"query ({' '.join(f'$v{k}: Int' for k in range(n))}) {{ me {{ subject }} }}",
    "selections": lambda n: "{ me { " + " ".join(f"a{k}: subject" for k in range(n - 1)) + " } }",
    "spreads": lambda n: "{ me { " + "...F " * n + "} } fragment F on Me { subject }",
}
"""Documents with so many of something, as they are written."""


@pytest.mark.parametrize("limit", COUNTED)
def test_what_is_written_is_counted(limit: str) -> None:
    """One more than there may be is said to be too much of that; as many are not."""
    most = getattr(Limits(), limit)
    schema = make_schema(replace(Limits(), aliases=10_000, overlaps=10**9))
    words = {"definitions": "operations and fragments", "variable_definitions": "variables"}
    words |= {"selections": "fields and fragments to spread", "spreads": "fragments to spread"}
    said = [str(error) for n in (most, most + 1) for error in schema.documents.read(COUNTED[limit](n)).errors]
    told = [one for one in said if f"more than {most} {words[limit]}" in one]
    assert len(told) == 1


def test_list_that_nobody_thought_of_counts_as_one() -> None:
    """A new field with objects in it is no single one, whoever forgot to say how many there may be."""
    schema = make_schema()._schema
    sizes = list_sizes(schema, {})
    lists = {
        name
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
        for name, field in kind.fields.items()
        if isinstance(get_nullable_type(field.type), GraphQLList)
        if isinstance(get_named_type(field.type), GraphQLObjectType)
    } - {"edges"}
    assert len(lists) > 15
    assert {name for name in lists if sizes.get(name, 1) < 10} == {"fields"}  # that of introspection, and of a refusal
