"""Filters, order and pages, the same for every entity."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from tests.engine.search.searching import Engine, engine
from zeebe_fleet.engine.search import query
from zeebe_fleet.engine.search.conditions import InvalidSearch
from zeebe_fleet.engine.search.decisions import DECISION_DEFINITIONS, DECISION_INSTANCES, DECISION_REQUIREMENTS
from zeebe_fleet.engine.search.entities import (
    ELEMENT_INSTANCES,
    INCIDENTS,
    JOBS,
    PROCESS_DEFINITIONS,
    PROCESS_INSTANCES,
    VARIABLES,
    Entity,
    Kind,
)
from zeebe_fleet.engine.search.subscriptions import MESSAGE_SUBSCRIPTIONS


@pytest.fixture(scope="module")
async def held() -> AsyncIterator[Engine]:
    """Four instances with a variable `n` of 0 to 3, the first of which has ended."""
    async with engine() as one:
        await one.deploy()
        for n in range(4):
            await one.start("inner", f'{{"n":{n},"text":"a*[b]{n}"}}')
            if n == 0:
                await one.complete("work")
        yield one


async def found(held: Engine, **wanted: Any) -> list[str]:
    """The values of `n` that a filter of variables finds."""
    rows = await held.find(VARIABLES, {"name": "n"} | wanted)
    return [row["value"] for row in rows]


@pytest.mark.parametrize(
    ("wanted", "values"),
    [
        ({}, "0123"),
        ({"value": "2"}, "2"),
        ({"value": None}, "0123"),
        ({"value": {"$neq": "2"}}, "013"),
        ({"value": {"$in": ["1", "3"]}}, "13"),
        ({"value": {"$in": []}}, ""),
        ({"value": {"$eq": "2", "$in": [], "$notIn": [], "$like": None}}, "2"),
        ({"value": {"$notIn": ["1", "3"]}}, "02"),
        ({"value": {"$exists": True}}, "0123"),
        ({"value": {"$exists": False}}, ""),
        ({"value": {"$like": "?"}}, "0123"),
        ({"value": {"$like": "*2*", "$neq": "1"}}, "2"),
        ({"unknown": "ignored"}, "0123"),
        ({"variableKey": "1"}, ""),
    ],
)
async def test_filter_holds_for(held: Engine, wanted: dict[str, Any], values: str) -> None:
    """Equality and each operator; what the version does not know is ignored."""
    assert await found(held, **wanted) == list(values)


async def test_patterns_take_marks_as_they_are_behind_a_backslash(held: Engine) -> None:
    r"""`\*` is an asterisk; a bracket is a bracket."""
    wanted = {"name": "text", "value": {"$like": r'"a\*[b]?"'}}
    assert len(await held.find(VARIABLES, wanted)) == 4
    assert await held.find(VARIABLES, {"name": "text", "value": {"$like": r'"a\?*"'}}) == []


async def test_times_and_absent_values_are_compared(held: Engine) -> None:
    """A date before all, one after all, and an end that there is not."""
    for wanted, many in (
        ({"startDate": {"$gt": "2001-01-01T00:00:00Z"}}, 4),
        ({"startDate": {"$lte": "2001-01-01T00:00:00+02:00"}}, 0),
        ({"endDate": {"$exists": False}}, 3),
        ({"endDate": {"$neq": "2001-01-01T00:00:00Z"}}, 4),
        ({"state": "COMPLETED"}, 1),
        ({"$or": [{"state": "COMPLETED"}, {"variables": [{"name": "n", "value": "3"}]}]}, 2),
        ({"hasIncident": False, "processDefinitionVersion": {"$gte": 1}}, 4),
    ):
        assert (await held.page(PROCESS_INSTANCES, wanted)).total == many, wanted


@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("sort", [[], [("endDate", False)], [("endDate", True), ("processInstanceKey", True)]])
async def test_pages_follow_each_other_both_ways(held: Engine, limit: int, sort: list[tuple[str, bool]]) -> None:
    """Each row once, in one order, with absent values in it; and back again."""
    whole = (await held.page(PROCESS_INSTANCES, sort=sort)).rows
    forth, back = list[Any](), list[Any]()
    page = await held.page(PROCESS_INSTANCES, sort=sort, limit=limit)
    while page.rows:
        assert page.total == 4
        forth += page.rows
        last = page
        page = await held.page(PROCESS_INSTANCES, sort=sort, limit=limit, after=page.last)
    assert forth == whole
    page = last
    while page.rows:
        back = page.rows + back
        page = await held.page(PROCESS_INSTANCES, sort=sort, limit=limit, before=page.first)
    assert back == whole


async def test_pages_begin_at_an_offset(held: Engine) -> None:
    """`from` passes over rows; absent values come last, and first the other way round."""
    whole = await held.find(PROCESS_INSTANCES, sort=[("endDate", False)])
    assert [row["endDate"] is None for row in whole] == [False, True, True, True]
    assert await held.find(PROCESS_INSTANCES, sort=[("endDate", False)], begin=1, limit=2) == whole[1:3]
    turned = await held.find(PROCESS_INSTANCES, sort=[("endDate", True)])
    assert [row["endDate"] is None for row in turned] == [True, True, True, False]


@pytest.mark.parametrize(
    ("entity", "more"),
    [
        (VARIABLES, {"wanted": {"variableKey": "x"}}),
        (VARIABLES, {"wanted": {"variableKey": True}}),
        (VARIABLES, {"wanted": {"variableKey": {"$gt": "1"}}}),
        (VARIABLES, {"wanted": {"name": {"$near": "n"}}}),
        (VARIABLES, {"wanted": {"name": 1}}),
        (VARIABLES, {"wanted": {"name": {"$in": "n"}}}),
        (VARIABLES, {"wanted": {"name": {"$like": "*" * 11}}}),
        (JOBS, {"wanted": {"state": {"$notIn": ["FAILED"]}}}),
        (JOBS, {"wanted": {"retries": 1 << 70}}),
        (JOBS, {"wanted": {"deadline": "yesterday"}}),
        (PROCESS_INSTANCES, {"wanted": {"$or": 1}}),
        (PROCESS_INSTANCES, {"wanted": {"variables": [{"value": "1"}]}}),
        (PROCESS_INSTANCES, {"wanted": {"hasIncident": "yes"}}),
        (PROCESS_INSTANCES, {"wanted": {"$or": [{"processInstanceKey": {"$in": ["1"] * 900}}] * 100}}),
        (PROCESS_INSTANCES, {"sort": [("name", False)]}),
        (PROCESS_INSTANCES, {"limit": -1}),
        (PROCESS_INSTANCES, {"limit": 10_001}),
        (PROCESS_INSTANCES, {"begin": -1}),
        (PROCESS_INSTANCES, {"after": "nonsense"}),
        (PROCESS_INSTANCES, {"after": "WzEsMl0="}),
        (PROCESS_INSTANCES, {"before": "e30="}),
    ],
)
async def test_impossible_search_is_refused_in_a_sentence(held: Engine, entity: Entity, more: dict[str, Any]) -> None:
    """Naming the field, quoting nothing of what was sent."""
    with pytest.raises(InvalidSearch, match=r"^[A-Z].*\.$"):
        await held.page(entity, **more)


async def test_older_version_has_fewer_fields(held: Engine) -> None:
    """8.8 shows no creation time of jobs, and ignores a filter by it."""
    page = await held.page(JOBS, {"creationTime": "no date"}, version=(8, 8))
    assert "creationTime" not in {one.name for one in page.fields}
    assert page.total == 4


@pytest.mark.parametrize(
    "entity",
    [
        PROCESS_DEFINITIONS,
        PROCESS_INSTANCES,
        ELEMENT_INSTANCES,
        VARIABLES,
        JOBS,
        INCIDENTS,
        DECISION_DEFINITIONS,
        DECISION_REQUIREMENTS,
        DECISION_INSTANCES,
        MESSAGE_SUBSCRIPTIONS,
    ],
    ids=lambda one: one.label,
)
async def test_each_field_filters_and_sorts(held: Engine, entity: Entity) -> None:
    """By a value of its kind, whatever comes of it."""
    values = {Kind.KEY: "1", Kind.TIME: "2001-01-01T00:00:00Z", Kind.NUMBER: 1, Kind.FLAG: True}
    for one in entity.fields:
        if one.found:
            sort = [(one.name, True)] if one.sorts else []
            await held.page(entity, {one.name: values.get(one.kind, "x")}, sort=sort)


async def test_total_is_counted_so_far_and_no_further(held: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real one counts to 10,000, and says that there are more."""
    monkeypatch.setattr(query, "MOST_COUNTED", 4)
    page = await held.page(PROCESS_INSTANCES)
    assert (page.total, page.is_more) == (4, False)
    monkeypatch.setattr(query, "MOST_COUNTED", 3)
    page = await held.page(PROCESS_INSTANCES, limit=1)
    assert (page.total, page.is_more, len(page.rows)) == (3, True, 1)


@pytest.mark.parametrize(
    "wanted",
    [{"variables": [{"name": "n", "value": "1"}]}, {"elementId": "work"}, {"errorMessage": "x"}, {"hasIncident": True}],
    ids=lambda one: next(iter(one)),
)
async def test_what_belongs_to_an_instance_is_looked_up(held: Engine, wanted: dict[str, Any]) -> None:
    """No table of variables, elements or jobs is gone through for each of 100,000 instances."""
    plans = list[str]()

    def look(read: query.Read) -> None:
        def planned(sql: str, values: Iterable[Any]) -> list[tuple[Any, ...]]:
            plans.extend(row[3] for row in read(f"EXPLAIN QUERY PLAN {sql}", values))
            return read(sql, values)

        query.search(query.Query(PROCESS_INSTANCES, wanted), planned)

    await held.index.read(look)
    assert [one for one in plans if one.split(" USING")[0] in ("SCAN w", "SCAN c", "SCAN k")] == []
