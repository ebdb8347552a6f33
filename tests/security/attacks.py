"""Documents that were made to stop an API: each asks for work that grows faster than its text."""

from __future__ import annotations

from typing import Any

_WORKFLOW = 'workflow(workflowId: "00000000-0000-4000-8000-000000000000")'


def _tree(depth: int) -> str:
    return "state" if not depth else f"parent {{ {_tree(depth - 1)} }} parent {{ {_tree(depth - 1)} }}"


def _doubling(count: int) -> str:
    spreads = " ".join(f"fragment F{n} on Me {{ ...F{n + 1} ...F{n + 1} }}" for n in range(count))
    return f"{{ me {{ ...F0 }} }} {spreads} fragment F{count} on Me {{ subject }}"


def _nested_doubling(count: int) -> str:
    spreads = (
        f"fragment F{n} on Workflow {{ parent {{ ...F{n + 1} }} p{n}: parent {{ ...F{n + 1} }} }}" for n in range(count)
    )
    return f"{{ {_WORKFLOW} {{ ...F0 }} }} {' '.join(spreads)} fragment F{count} on Workflow {{ state }}"


DOCUMENTS: dict[str, str] = {
    "doubling fragments": _doubling(40),
    "doubling fragments below fields": _nested_doubling(11),
    "operations that all spread all": " ".join(f"query Q{n} {{ ...F0 nonsense }}" for n in range(31))
    + " ".join(
        f"fragment F{n} on Query {{ me {{ subject groups roles }} outages {{ service until }} ...F{n + 1} }}"
        for n in range(31)
    )
    + " fragment F31 on Query { __typename }",
    "a circle": "{ me { ...A } } fragment A on Me { subject ...B } fragment B on Me { ...A }",
    "a circle of itself, not spread": "{ me { subject } } fragment A on Me { ...A }",
    "aliases": "{ " + " ".join(f"a{n}: me {{ subject }}" for n in range(950)) + " }",
    "a field again and again": "{ " + "me { subject } " * 300 + " }",
    "a leaf again and again": "{ me { " + "subject " * 3_900 + "} }",
    "inline fragments": "{ " + "... { me { subject } } " * 500 + " }",
    "a tree of one field": f"{{ {_WORKFLOW} {{ {_tree(9)} }} }}",
    "many fragments": "{ me { "
    + " ".join(f"...F{n}" for n in range(250))
    + " } } "
    + " ".join(f"fragment F{n} on Me {{ subject }}" for n in range(250)),
    "unused fragments": "{ me { subject } } " + " ".join(f"fragment F{n} on Me {{ subject }}" for n in range(500)),
    "operations": " ".join(f"query Q{n} {{ me {{ subject }} }}" for n in range(500)),
    "variable definitions": "query (" + " ".join(f"$v{n}: Int" for n in range(900)) + ") { me { subject } }",
    "unknown fields": "{ " + " ".join(f"workflo{n}" for n in range(3_900)) + " }",
    "unknown arguments": "{ me(" + " ".join(f"a{n}: 1" for n in range(1_300)) + ") { subject } }",
    "directives": "{ me " + "@skip(if: false) " * 600 + " { subject } }",
    "list entries": "{ activities(filter: {state: [" + "OPEN " * 200_000 + "]}) { edges { cursor } } }",
    "levels of a value": "{ activities(filter: " + "{a: " * 900 + "1" + "}" * 900 + ") { edges { cursor } } }",
    "levels of fields": "{ " + "parent { " * 900 + "state" + " }" * 900 + " }",
    "a long name": "{ " + "a" * 500_000 + " }",
    "a long block of text": '{ activity(activityId: """' + "x\n" * 200_000 + '""") { state } }',
    "comments": "{ me { subject } }" + "#\n" * 200_000,
    "commas": "{ me { subject } }" + "," * 900_000,
    "a number of many digits": "{ workflows(first: " + "9" * 30_000 + ") { edges { cursor } } }",
    "lists within lists": "{ workflows(first: 100) { edges { node { steps { attempts { fence } } children { children { "
    "children { steps { attempts { fence } } } } } } } } }",
    "the schema in circles": "{ __schema { types { " + "fields { type { " * 3 + "name" + " } }" * 3 + " } } }",
    "typenames": "{ " + "__typename " * 3_900 + "}",
}
"""By what they are made of."""

VARIABLES: dict[str, Any] = {
    "levels": {"x": [[]]},
    "entries": {"x": [0] * 200_000},
    "objects": {"x": [{}] * 100_000},
}
for _ in range(900):
    VARIABLES["levels"] = {"x": VARIABLES["levels"]}
"""By what they hold too much of."""
