"""Searching rows: filter, sort, page, cursor."""

from __future__ import annotations

from typing import Any

import pytest

from zeebe_fleet.engine.rest.body import Body
from zeebe_fleet.engine.rest.problems import Problem
from zeebe_fleet.engine.rest.query import search

FIELDS = frozenset({"rowKey", "name", "state", "missing"})
ROWS: list[dict[str, Any]] = [
    {"rowKey": "9", "name": "nine", "state": "ACTIVE", "missing": None},
    {"rowKey": "10", "name": "ten", "state": "ACTIVE", "missing": "here"},
    {"rowKey": "11", "name": "a*b", "state": "PENDING", "missing": None},
]


def found(**body: Any) -> list[str]:
    """The keys of a search's rows, in their order."""
    return [row["rowKey"] for row in search(ROWS, Body(body), FIELDS, "rowKey")["items"]]


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        ({}, ["9", "10", "11"]),
        ({"state": "ACTIVE"}, ["9", "10"]),
        ({"rowKey": 10}, ["10"]),
        ({"name": {"$eq": "ten"}}, ["10"]),
        ({"name": {"$neq": "ten"}}, ["9", "11"]),
        ({"name": {"$in": ["ten", "nine"]}}, ["9", "10"]),
        ({"rowKey": {"$notIn": ["9"]}}, ["10", "11"]),
        ({"missing": {"$exists": True}}, ["10"]),
        ({"missing": {"$exists": False}}, ["9", "11"]),
        ({"name": {"$like": "?in*"}}, ["9"]),
        ({"name": {"$like": "a\\*b"}}, ["11"]),
        ({"rowKey": {"$gt": "9", "$lt": "11"}}, ["10"]),
        ({"rowKey": {"$gte": 10}}, ["10", "11"]),
        ({"$or": [{"rowKey": "9"}, {"state": "PENDING"}]}, ["9", "11"]),
        ({"unknown": "x"}, ["9", "10", "11"]),
    ],
)
def test_search_filters(wanted: dict[str, Any], keys: list[str]) -> None:
    """Point 52; an unknown field is ignored."""
    assert found(filter=wanted) == keys


@pytest.mark.parametrize(
    ("sort", "keys"),
    [
        ([{"field": "rowKey", "order": "DESC"}], ["11", "10", "9"]),
        ([{"field": "state", "order": "desc"}, {"field": "name"}], ["11", "9", "10"]),
        ([{"field": "missing"}], ["10", "9", "11"]),
    ],
)
def test_search_sorts(sort: list[dict[str, str]], keys: list[str]) -> None:
    """Keys go by their numbers, and what is absent comes last."""
    assert found(sort=sort) == keys


def test_search_pages_with_its_cursors() -> None:
    """One after the other, and back again, in any order."""
    for sort in ([], [{"field": "name", "order": "DESC"}]):
        body: dict[str, Any] = {"sort": sort, "page": {"limit": 1}}
        seen = []
        while (page := search(ROWS, Body(body), FIELDS, "rowKey"))["items"]:
            assert page["page"]["totalItems"] == 3
            seen.append(page["items"][0]["rowKey"])
            before = page["page"]["startCursor"]
            body["page"] = {"limit": 1, "after": page["page"]["endCursor"]}
        assert seen == found(sort=sort)
        assert found(sort=sort, page={"limit": 5, "before": before}) == seen[:2]


def test_search_skips_and_limits() -> None:
    """By offset."""
    assert found(page={"from": 1, "limit": 1}) == ["10"]
    assert found(page={"limit": 0}) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"filter": []},
        {"filter": {"name": {"$near": "x"}}},
        {"sort": [{"field": "unknown"}]},
        {"sort": [{"field": "name", "order": "UP"}]},
        {"sort": "name"},
        {"page": {"limit": -1}},
        {"page": {"limit": 10_001}},
        {"page": {"limit": "many"}},
        {"page": {"after": "nonsense"}},
        {"page": {"after": "W10="}},
    ],
)
def test_search_refuses_what_makes_no_sense(wrong: dict[str, Any]) -> None:
    """With 400, and nothing quoted."""
    with pytest.raises(Problem) as caught:
        found(**wrong)
    assert caught.value.status == 400
