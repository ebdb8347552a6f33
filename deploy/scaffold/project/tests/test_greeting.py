"""The greeting, on the engine and on its own."""

from myflows.tasks import write_greeting

from zeebe_fleet import testing


async def test_greeting_greets(fleet: testing.RunningFleet) -> None:
    """The process runs to its end on an engine and says hello."""
    result = await fleet.run("greeting", {"name": "Ada"})

    assert result.state == "COMPLETED"
    assert result.output["greeting"] == "Hello, Ada!"


async def test_write_greeting_names_the_person() -> None:
    """The task alone, tried without an engine: what would the engine be told?"""
    outcome = await testing.run_task(write_greeting, {"name": "Ada"})

    assert outcome == testing.Complete({"greeting": "Hello, Ada!"})
