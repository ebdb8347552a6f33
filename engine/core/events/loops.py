"""Multi-instances and compensation."""

from __future__ import annotations

from zeebe_fleet.engine.core.events.kinds import event
from zeebe_fleet.engine.core.state import LoopProgress, State, Undo


@event("MULTI_INSTANCE", "STARTED")
def loop_started(state: State, process_instance_key: int, key: int, items: list[str]) -> None:
    """The input collection of a multi-instance is known, as JSON texts."""
    state.instances[key].loop = LoopProgress(items)


@event("MULTI_INSTANCE", "OUTPUT_COLLECTED")
def loop_output(state: State, process_instance_key: int, key: int, index: int, output: str) -> None:
    """One inner instance's output."""
    progress = state.instances[key].loop
    assert progress is not None
    progress.outputs[index] = output


@event("MULTI_INSTANCE", "CONDITION_FULFILLED")
def loop_enough(state: State, process_instance_key: int, key: int) -> None:
    """The completion condition held: no further inner instance is wanted."""
    progress = state.instances[key].loop
    assert progress is not None
    progress.enough = True


@event("COMPENSATION_SUBSCRIPTION", "CREATED")
def undo_kept(
    state: State, process_instance_key: int, scope_key: int, key: int, activity_id: str, handler_id: str, variables: str
) -> None:
    """A completed activity can be compensated."""
    scope = state.instances[scope_key]
    if scope.undo is None:
        scope.undo = {}
    scope.undo[key] = Undo(key, activity_id, handler_id, variables)


@event("COMPENSATION_SUBSCRIPTION", "TRIGGERED")
def undo_thrown(state: State, process_instance_key: int, scope_key: int, key: int, thrower_key: int) -> None:
    """It is to be compensated; the throw event waits for its handler."""
    undo = state.instances[scope_key].undo
    assert undo is not None
    undo[key].thrower_key = thrower_key


@event("COMPENSATION_SUBSCRIPTION", "HANDLER_ACTIVATED")
def undo_begun(state: State, process_instance_key: int, handler_key: int, key: int) -> None:
    """Its handler is at work."""
    state.instances[handler_key].compensates = key


@event("COMPENSATION_SUBSCRIPTION", "COMPLETED")
def undo_done(state: State, process_instance_key: int, scope_key: int, key: int) -> None:
    """It was compensated, or moved to the scope around."""
    scope = state.instances[scope_key]
    assert scope.undo is not None
    del scope.undo[key]
    if not scope.undo:
        scope.undo = None


@event("COMPENSATION_SUBSCRIPTION", "MIGRATED")
def undo_migrated(
    state: State, process_instance_key: int, scope_key: int, key: int, activity_id: str, handler_id: str
) -> None:
    """It is compensated by the handler of another version."""
    undo = state.instances[scope_key].undo
    assert undo is not None
    undo[key].activity_id = activity_id
    undo[key].handler_id = handler_id
