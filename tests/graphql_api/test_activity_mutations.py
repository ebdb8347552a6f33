"""Human work through the API: claim, release, complete."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.graphql_api.conftest import Api, Client

SHOWN = "activity { activityId state assignee version result }"
ERROR = "__typename ... on UserError { message suggestion } ... on ActivityClosed { state closedBy }"
TAKEN = "... on ActivityAlreadyClaimed { assignee }"
CLAIM = f"""
mutation ($id: UUID!) {{ claimActivity(activityId: $id) {{ {ERROR} {TAKEN} ... on ActivityClaimed {{ {SHOWN} }} }} }}
"""
RELEASE = f"""
mutation ($id: UUID!) {{ releaseActivity(activityId: $id) {{ {ERROR} ... on ActivityReleased {{ {SHOWN} }} }} }}
"""
COMPLETE = f"""
mutation ($id: UUID!, $version: Int!, $result: JSON, $key: String, $action: String) {{
  completeActivity(activityId: $id, version: $version, result: $result, idempotencyKey: $key, action: $action) {{
    {ERROR} {TAKEN} ... on VersionConflict {{ currentVersion }}
    ... on ActionNotOffered {{ offered }}
    ... on InvalidForm {{ fields {{ field message }} }} ... on ActivityCompleted {{ {SHOWN} }} }} }}
"""
FORM = {
    "components": [
        {"type": "text", "text": "Decide"},
        {"type": "checkbox", "key": "approve", "label": "Approve"},
        {"type": "number", "key": "discount", "validate": {"min": 0, "max": 20}},
        {"type": "textfield", "key": "reason", "validate": {"required": True}},
    ]
}


async def complete(client: Client, activity: Any, **arguments: Any) -> Any:
    """Complete an activity as it was when it was read."""
    asked = {"id": activity["activityId"], "version": activity["version"], "result": {"approve": True}}
    return await client.answer(COMPLETE, **{**asked, **arguments})


async def owed(api: Api, activity: Any) -> list[Any]:
    """Return what the engine is owed for an activity."""
    return await api.sql("SELECT * FROM owed WHERE activity_id = $1", activity["activityId"])


async def test_claim_activity_gives_it_to_one(api: Api, rita: Client, ada: Client) -> None:
    """The first has it; the second learns who."""
    activity = await api.activity()
    mine = await rita.answer(CLAIM, id=activity["activityId"])
    theirs = await ada.answer(CLAIM, id=activity["activityId"])
    assert (mine["activity"]["state"], mine["activity"]["assignee"]) == ("CLAIMED", "rita")
    assert (theirs["__typename"], theirs["assignee"]) == ("ActivityAlreadyClaimed", "rita")


async def test_claim_activity_again_changes_nothing(api: Api, rita: Client) -> None:
    """A repeated claim is no new version."""
    activity = await api.activity()
    first = await rita.answer(CLAIM, id=activity["activityId"])
    assert await rita.answer(CLAIM, id=activity["activityId"]) == first


async def test_activity_of_other_groups_is_not_found(api: Api, sam: Client) -> None:
    """Whoever may not see an activity does not learn that it exists."""
    activity = await api.activity()
    assert (await sam.answer(CLAIM, id=activity["activityId"]))["__typename"] == "ActivityNotFound"
    assert (await complete(sam, activity))["__typename"] == "ActivityNotFound"


async def test_operator_sees_but_does_not_act(api: Api, olga: Client) -> None:
    """An operator sees all human work, and leaves it to its candidates."""
    activity = await api.activity()
    assert (await complete(olga, activity))["__typename"] == "NotAllowed"


async def test_release_activity_opens_it_again(api: Api, rita: Client, ada: Client) -> None:
    """Only its holder, or an administrator, gives it back."""
    activity = await api.activity(candidateUsers=["sam"])
    await rita.answer(CLAIM, id=activity["activityId"])
    other = await (await api.persona("sam")).answer(RELEASE, id=activity["activityId"])
    assert other["__typename"] == "ActivityNotClaimed"
    released = await rita.answer(RELEASE, id=activity["activityId"])
    assert (released["activity"]["state"], released["activity"]["assignee"]) == ("OPEN", None)


async def test_complete_activity_owes_the_engine_its_result(api: Api, rita: Client) -> None:
    """COMPLETING until the engine has answered, and all of it in one transaction."""
    activity = await api.activity()
    answer = await complete(rita, activity, result={"approve": True, "reason": "fine"})
    (row,) = await owed(api, activity)
    assert answer["activity"]["state"] == "COMPLETING"
    assert (row["verb"], str(row["job_key"])) == ("COMPLETE", activity["jobKey"])


async def test_complete_activity_without_a_job_is_done_at_once(api: Api, rita: Client) -> None:
    """Nobody waits for it, so nothing is owed."""
    activity = await api.activity(jobKey=None)
    assert (await complete(rita, activity))["activity"]["state"] == "COMPLETED"
    assert not await owed(api, activity)


async def test_two_people_completing_one_activity(api: Api, rita: Client, ada: Client) -> None:
    """One wins; the other learns that it is over, and by whom."""
    for _ in range(5):
        activity = await api.activity()
        answers = await asyncio.gather(complete(rita, activity), complete(ada, activity))
        winner, loser = sorted(answers, key=lambda answer: str(answer["__typename"]), reverse=True)
        assert [winner["__typename"], loser["__typename"]] == ["ActivityCompleted", "ActivityClosed"]
        assert (loser["state"], loser["closedBy"]) == ("COMPLETING", winner["activity"]["assignee"])
        assert len(await owed(api, activity)) == 1


async def test_repeated_completion_gets_the_same_answer(api: Api, rita: Client) -> None:
    """The same key and body, twice at once and once more, complete once."""
    activity = await api.activity()
    answers = await asyncio.gather(*(complete(rita, activity, key=activity["activityId"]) for _ in range(2)))
    answers.append(await complete(rita, activity, key=activity["activityId"]))
    assert {answer["__typename"] for answer in answers} == {"ActivityCompleted"}
    assert len(await owed(api, activity)) == 1


async def test_idempotency_key_of_another_body_is_a_conflict(api: Api, rita: Client) -> None:
    """A key names one request."""
    activity = await api.activity()
    await complete(rita, activity, key=f"k-{activity['activityId']}")
    answer = await complete(rita, activity, key=f"k-{activity['activityId']}", result={"approve": False})
    assert answer["__typename"] == "IdempotencyConflict"


async def test_completion_for_an_old_version_is_a_conflict(api: Api, rita: Client) -> None:
    """Whoever read it before it changed is told the version it has now."""
    activity = await api.activity()
    await rita.answer(CLAIM, id=activity["activityId"])
    answer = await complete(rita, activity)
    assert (answer["__typename"], answer["currentVersion"]) == ("VersionConflict", 2)


@pytest.mark.parametrize("state", ["CANCELLED", "TOO_LATE", "COMPLETED"])
async def test_completing_a_closed_activity_says_which(api: Api, rita: Client, state: str) -> None:
    """A closed activity stays closed; the answer names its state."""
    activity = await api.activity()
    await api.sql("UPDATE activity SET state = $2 WHERE activity_id = $1", activity["activityId"], state)
    answer = await complete(rita, activity)
    assert (answer["__typename"], answer["state"]) == ("ActivityClosed", state)
    assert answer["message"]
    assert answer["suggestion"]


async def test_completion_must_fit_the_form(api: Api, rita: Client) -> None:
    """Every field that is wrong is named, and nothing changes."""
    activity = await api.activity(form=FORM)
    answer = await complete(rita, activity, result={"approve": "yes", "discount": 21})
    assert answer["__typename"] == "InvalidForm"
    assert {one["field"] for one in answer["fields"]} == {"approve", "discount", "reason"}
    assert (await complete(rita, activity, result={"approve": True, "reason": "ok"}))["__typename"] == (
        "ActivityCompleted"
    )


@pytest.mark.parametrize("result", [[1], "text", {"workflow_id": "x"}, {"a": "x" * 300_000}, {"a": "nul \u0000"}])
async def test_completion_with_a_result_that_cannot_be(api: Api, rita: Client, result: Any) -> None:
    """No object, reserved names, too much, characters that cannot be stored: refused, nothing changes."""
    activity = await api.activity()
    assert (await complete(rita, activity, result=result))["__typename"] == "InvalidVariables"
    assert not await owed(api, activity)


ACTIONS = [
    {"id": "approve", "label": "Approve"},
    {
        "id": "reject",
        "label": "Reject",
        "data": {"type": "object", "required": ["comment"], "properties": {"comment": {"minLength": 3}}},
    },
]


async def test_complete_activity_carries_the_action(api: Api, rita: Client) -> None:
    """What was decided goes to the process with what was filled in; the same request again answers the same."""
    activity = await api.activity(actions=ACTIONS)
    for _ in range(2):
        done = await complete(rita, activity, action="reject", result={"comment": "Too much"}, key="once")
        assert done["activity"]["result"] == {"comment": "Too much", "case_action": "reject"}
    (row,) = await owed(api, activity)
    assert json.loads(row["payload"])["variables"] == {"comment": "Too much", "case_action": "reject"}
    assert (await complete(rita, activity, action="approve", key="once"))["__typename"] == "IdempotencyConflict"


@pytest.mark.parametrize("action", ["burn", "", None])
async def test_complete_activity_refuses_an_action_that_is_not_offered(
    api: Api, rita: Client, action: str | None
) -> None:
    """The answer names what can be decided, and nothing is done."""
    activity = await api.activity(actions=ACTIONS)
    answer = await complete(rita, activity, action=action)
    assert (answer["__typename"], answer["offered"]) == ("ActionNotOffered", ["approve", "reject"])
    assert await owed(api, activity) == []


async def test_complete_activity_without_actions_refuses_one(api: Api, rita: Client) -> None:
    """An activity that only has a form takes no action."""
    answer = await complete(rita, await api.activity(), action="approve")
    assert (answer["__typename"], answer["offered"]) == ("ActionNotOffered", [])


@pytest.mark.parametrize(
    ("result", "wrong"),
    [
        ({}, "Must be filled in."),
        ({"comment": ""}, "Must be filled in."),
        ({"comment": "x"}, "Must be of minLength 3."),
    ],
)
async def test_complete_activity_holds_data_against_the_action(
    api: Api, rita: Client, result: dict[str, Any], wrong: str
) -> None:
    """What one action requires and another does not is told by field."""
    activity = await api.activity(actions=ACTIONS)
    answer = await complete(rita, activity, action="reject", result=result)
    assert answer["__typename"] == "InvalidForm"
    assert answer["fields"] == [{"field": "comment", "message": wrong}]
    assert (await complete(rita, activity, action="approve", result=result))["__typename"] == "ActivityCompleted"


async def test_complete_activity_sets_nothing_that_the_fleet_sets(api: Api, rita: Client) -> None:
    """Nobody moves a case by filling in the step it is in."""
    activity = await api.activity(actions=ACTIONS)
    answer = await complete(rita, activity, action="approve", result={"case_step": {"id": "paid"}})
    assert (answer["__typename"], "case_step" in answer["message"]) == ("InvalidVariables", True)


@pytest.mark.parametrize("name", ["amount", "shown", "hidden"])
async def test_complete_activity_takes_what_is_asked_for_alone(api: Api, rita: Client, name: str) -> None:
    """Whoever decides slips in nothing that later decisions of the case read; what the form fills in goes along."""
    fields = [{"type": "textfield", "key": "comment"}, {"type": "number", "key": "shown", "disabled": True}]
    listed = {"type": "dynamiclist", "path": "receipts", "components": [{"type": "textfield", "key": "hidden"}]}
    grouped = {"type": "group", "components": [{"type": "textfield", "key": "payee.name"}]}
    activity = await api.activity(actions=ACTIONS, form={"type": "default", "components": [*fields, listed, grouped]})
    answer = await complete(rita, activity, action="approve", result={"comment": "Fine.", name: 1})
    assert answer["__typename"] == "InvalidForm"
    assert answer["fields"] == [{"field": name, "message": "Is not asked for here."}]
    filled = {"comment": "Fine.", "receipts": [{"hidden": "x"}], "payee": {"name": "Ada"}}
    assert (await complete(rita, activity, action="approve", result=filled))["__typename"] == "ActivityCompleted"


async def test_activity_shows_its_actions(api: Api, rita: Client) -> None:
    """The page knows the buttons, and what each asks for."""
    activity = await api.activity(actions=ACTIONS)
    query = "query ($id: UUID!) { answer: activity(activityId: $id) { actions { id label data } } }"
    shown = (await rita.answer(query, id=activity["activityId"]))["actions"]
    assert [(one["id"], one["label"]) for one in shown] == [("approve", "Approve"), ("reject", "Reject")]
    assert shown[1]["data"]["required"] == ["comment"]
