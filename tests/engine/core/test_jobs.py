"""Jobs: leased, done, failed, thrown from, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.core.acting import SECOND_MS, Acting, end, listeners, nothing_left, process, task
from tests.engine.model.writing import element, flows
from zeebe_fleet.engine.core import commands, jobs
from zeebe_fleet.engine.core.state import QUEUE_OFFERS

ONE_TASK = process(task("work"), end(), flows("start", "work", "end"))

VERBS: dict[str, tuple[str, str, Any]] = {
    "complete": ("COMPLETE", "complete", lambda key: commands.CompleteJob(key)),
    "fail": ("FAIL", "fail", lambda key: commands.FailJob(key, 2)),
    "throw": ("THROW_ERROR", "throw an error for", lambda key: commands.ThrowError(key, "E")),
    "extend": ("UPDATE_TIMEOUT", "update the timeout of", lambda key: commands.UpdateJobTimeout(key, 1_000)),
}


@pytest.mark.parametrize("verb", VERBS)
def test_verb_on_a_job_that_is_gone_is_not_found(verb: str) -> None:
    """B5: completed or cancelled, the job is gone, in the words that clients look for."""
    intent, doing, command = VERBS[verb]
    acting = Acting()
    acting.begun(ONE_TASK)
    key = acting.complete().key
    refusal = acting.refused(command(key))

    assert refusal.kind == "NOT_FOUND"
    assert str(refusal) == (
        f"Command '{intent}' rejected with code 'NOT_FOUND': Expected to {doing} job with key '{key}', "
        "but no such job was found"
    )


@pytest.mark.parametrize("verb", VERBS)
def test_verb_on_a_job_of_a_cancelled_instance_is_not_found(verb: str) -> None:
    """B5: the job goes with its instance."""
    acting = Acting()
    instance = acting.begun(ONE_TASK)
    key = acting.take().key
    acting.run(commands.CancelInstance(instance))

    assert acting.refused(VERBS[verb][2](key)).kind == "NOT_FOUND"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("backoff_ms", [0, 5_000], ids=["no retries", "backoff"])
def test_verb_on_a_failed_job_is_refused(verb: str, backoff_ms: int) -> None:
    """B6: without retries, or in its backoff, a job takes no verb."""
    acting = Acting()
    acting.begun(ONE_TASK)
    key = acting.take().key
    acting.run(commands.FailJob(key, 1 if backoff_ms else 0, "no", backoff_ms))
    refusal = acting.refused(VERBS[verb][2](key))

    assert refusal.kind == "INVALID_STATE"
    assert str(refusal).endswith("in state 'FAILED'")


@pytest.mark.parametrize("verb", VERBS)
def test_verb_on_a_job_with_an_uncaught_error_is_refused(verb: str) -> None:
    """B6: a job whose error nobody caught takes no verb either."""
    acting = Acting()
    acting.begun(ONE_TASK)
    key = acting.throw("a", "E").key

    assert str(acting.refused(VERBS[verb][2](key))).endswith("in state 'ERROR_THROWN'")


def test_job_takes_verbs_from_whoever_knows_its_key() -> None:
    """B7: complete and fail work on a job leased to nobody, or to another whose lease has ended."""
    acting = Acting()
    instance = acting.begun(ONE_TASK)
    key = next(iter(acting.state.jobs))
    acting.run(commands.FailJob(key, 2))
    acting.take()
    acting.pass_time(120 * SECOND_MS)
    acting.run(commands.FailJob(key, 1))
    acting.run(commands.CompleteJob(key))

    assert acting.is_over(instance)


def test_extending_needs_a_lease() -> None:
    """B7: a job that nobody has cannot be extended."""
    acting = Acting()
    acting.begun(ONE_TASK)
    key = next(iter(acting.state.jobs))

    assert acting.refused(commands.UpdateJobTimeout(key, 1_000)).kind == "INVALID_STATE"


def test_lease_that_ends_costs_no_retry() -> None:
    """B8: the job is handed out again and again, with the retries it had."""
    acting = Acting()
    acting.begun(ONE_TASK)
    for _ in range(5):
        assert acting.take().retries == 3
        acting.pass_time(59 * SECOND_MS)
        assert acting.poll() == []
        acting.pass_time(2 * SECOND_MS)


def test_failed_job_with_retries_comes_back_at_once() -> None:
    """B9: with the retries it was given."""
    acting = Acting()
    acting.begun(ONE_TASK)
    acting.fail(retries=7)

    assert acting.take().retries == 7
    assert not acting.state.incidents


def test_failed_job_comes_back_after_its_backoff() -> None:
    """B9: not before, and soon behind."""
    acting = Acting()
    acting.begun(ONE_TASK)
    acting.run(commands.FailJob(acting.take().key, 1, "no", 5_000))
    acting.pass_time(4_999)
    assert acting.poll() == []
    acting.pass_time(65)

    assert acting.take().retries == 1


def test_backoff_survives_a_restart() -> None:
    """B9: a machine read from a checkpoint waits for the same moment."""
    acting = Acting()
    acting.begun(ONE_TASK)
    acting.run(commands.FailJob(acting.take().key, 1, "no", 5_000))
    again = acting.restarted()
    assert again.poll() == []
    again.pass_time(5_064)

    assert again.take().retries == 1


def test_job_without_retries_is_an_incident() -> None:
    """B9: with the message it failed with, and its key."""
    acting = Acting()
    acting.begun(ONE_TASK)
    key = acting.fail(message="printer\0on fire").key

    assert acting.told() == ("JOB_NO_RETRIES", "work", "printer\0on fire")
    assert acting.incident().job_key == key


def test_variables_of_a_failure_are_local() -> None:
    """B9: they are the task's own, and the next try sees them."""
    acting = Acting()
    instance = acting.begun(ONE_TASK)
    acting.run(commands.FailJob(acting.take().key, 2, variables='{"seen":1}'))

    assert json.loads(acting.take().variables) == {"seen": 1}
    assert acting.variables(instance) == {}


def test_retries_are_positive() -> None:
    """B10: none, or fewer, are no number of retries."""
    acting = Acting()
    acting.begun(ONE_TASK)
    refusal = acting.refused(commands.UpdateJobRetries(next(iter(acting.state.jobs)), 0))

    assert refusal.kind == "INVALID_ARGUMENT"
    assert "with a positive amount of retries, but the amount given was '0'" in str(refusal)


def test_incident_without_new_retries_stays() -> None:
    """B10: resolving it is refused, and it is still there."""
    acting = Acting()
    acting.begun(ONE_TASK)
    key = acting.fail().key
    assert acting.refused(commands.ResolveIncident(acting.incident().key)).kind == "INVALID_STATE"
    acting.run(commands.UpdateJobRetries(key, 2))
    assert acting.poll() == []
    acting.resolve()

    assert acting.take().retries == 2


def test_job_with_an_uncaught_error_takes_retries_and_comes_back() -> None:
    """B10: retries can be raised; resolved, the job is handed out with them."""
    acting = Acting()
    acting.begun(ONE_TASK)
    key = acting.throw("a", "E").key
    acting.run(commands.UpdateJobRetries(key, 9))
    acting.resolve()

    assert acting.take().retries == 9


def test_extension_counts_from_now_and_may_shorten() -> None:
    """B11: the new end is `timeout` from the call on, however long the lease was."""
    acting = Acting()
    acting.begun(ONE_TASK)
    key = acting.take().key
    acting.run(commands.UpdateJobTimeout(key, 1_000))
    acting.pass_time(1_100)

    assert acting.take().key == key


def test_fetched_variables_are_those_that_are_there() -> None:
    """B13: names that nothing has are left out; without names everything is given."""
    acting = Acting()
    acting.begun(ONE_TASK, x=1, y=2)

    assert json.loads(acting.poll(fetch=("x", "z"))[0].variables) == {"x": 1}
    acting.pass_time(61 * SECOND_MS)
    assert json.loads(acting.poll()[0].variables) == {"x": 1, "y": 2}


def written(**variables: Any) -> str:
    """A document as clients in most languages write it: each character as itself."""
    return json.dumps(variables, ensure_ascii=False)


# Each makes 1.5 million bytes.
LARGE = pytest.mark.parametrize("large", ["x" * 1_500_000, "é" * 750_000, "本" * 500_000, "😀" * 375_000], ids="1234")


@LARGE
def test_job_larger_than_a_message_is_an_incident_that_keeps_its_retries(large: str) -> None:
    """B15: resolved once it is smaller; nothing was tried, so no retry is missing."""
    acting = Acting()
    instance = acting.begun(ONE_TASK)
    for nth in range(4):
        acting.run(commands.SetVariables(instance, written(**{f"v{nth}": large})))
    assert acting.poll() == []
    assert acting.told()[:2] == ("MESSAGE_SIZE_EXCEEDED", "work")
    acting.set(instance, v0=0)
    acting.set(instance, v1=0)
    acting.resolve()

    assert acting.take().retries == 3


@LARGE
def test_poll_gets_only_what_one_message_holds(large: str) -> None:
    """B15: what does not fit is left for the next poll, oldest first."""
    acting = Acting()
    acting.deploy(ONE_TASK)
    begun = [acting.run(commands.CreateInstance("p", variables=written(x=large))) for _ in range(3)]
    first, second = acting.poll(most=3), acting.poll(most=3)

    keys = [one.process_instance_key for one in begun]
    assert [[one.process_instance_key for one in found] for found in (first, second)] == [keys[:2], keys[2:]]


@LARGE
def test_variables_that_no_batch_holds_are_refused(large: str) -> None:
    """B15: 3 MB is too much for one command, 1.5 MB is not."""
    acting = Acting()
    instance = acting.begun(ONE_TASK)
    key = acting.take().key
    assert acting.refused(commands.CompleteJob(key, written(x=large * 2))).kind == "EXCEEDED_BATCH_RECORD_SIZE"
    acting.run(commands.CompleteJob(key, written(x=large)))

    assert acting.is_over(instance)


def test_job_type_and_retries_may_be_expressions() -> None:
    """B16: they are evaluated when the task is entered."""
    acting = Acting()
    acting.begun(process(task("work", job_type="=kind", retries="=n + 1"), flows("start", "work")), kind="b", n=4)

    assert acting.take("b").retries == 5


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"kind": 1, "n": 1}, "Expected result of the expression 'kind' to be 'STRING', but was 'NUMBER'."),
        ({"kind": "b"}, "Expected result of the expression 'n' to be 'NUMBER', but was 'NULL'."),
    ],
)
def test_job_without_type_or_retries_is_an_incident_until_they_are_there(given: dict[str, Any], told: str) -> None:
    """B16, B48: the expression is evaluated again when the incident is resolved."""
    acting = Acting()
    instance = acting.begun(process(task("work", job_type="=kind", retries="=n"), flows("start", "work")), **given)
    assert acting.told() == ("EXTRACT_VALUE_ERROR", "work", told)
    acting.set(instance, kind="b", n=1)
    acting.resolve()

    assert acting.take("b").retries == 1


def test_listener_s_job_has_its_element_s_headers() -> None:
    """B16: a listener's job carries the headers of the element it is at."""
    headers = '<zeebe:taskHeaders><zeebe:header key="k" value="v" /></zeebe:taskHeaders>'
    acting = Acting()
    acting.begun(process(task("work", listeners(("start", "l")), headers), flows("start", "work")))

    assert json.loads(acting.take("l").headers) == {"k": "v"}


def test_default_retries_are_three_and_one_for_people() -> None:
    """B16: service tasks and listeners are tried three times, a user task's job once."""
    acting = Acting()
    model = process(
        element("serviceTask", "work", '<zeebe:taskDefinition type="a" />', listeners(("start", "l"))),
        element("userTask", "person"),
        flows("start", "work", "person"),
    )
    acting.begun(model)

    assert acting.complete("l").retries == 3
    assert acting.complete("a").retries == 3
    assert acting.complete("io.camunda.zeebe:userTask").retries == 1
    nothing_left(acting)


def test_given_back_job_is_there_for_the_next() -> None:
    """B14: a job that never left the engine is handed out again, and only when it is still leased."""
    acting = Acting()
    acting.begun(ONE_TASK)
    key = acting.take().key
    acting.run(commands.YieldJobs((key,)))
    assert acting.take().key == key
    acting.run(commands.CompleteJob(key))
    acting.run(commands.YieldJobs((key,)))

    nothing_left(acting)


def test_queue_forgets_jobs_that_streams_have_had() -> None:
    """B14: a type that is only streamed keeps no key of what is done."""
    acting = Acting()
    acting.deploy(ONE_TASK)
    for _ in range(2 * QUEUE_OFFERS):
        acting.begin()
        job = next(iter(acting.state.jobs.values()))
        jobs.activate(acting.machine, job, "w", 1_000, (), 1_000_000)
        acting.run(commands.CompleteJob(job.key))
    waiting = [acting.begin() for _ in range(3)]

    assert len(acting.state.queues["a"]) <= QUEUE_OFFERS
    assert [job.process_instance_key for job in acting.poll(most=5)] == waiting


def test_spans_may_be_as_long_as_a_client_can_write_them() -> None:
    """B11: leases, backoffs and times to live end in the year 9999 at the latest."""
    longest = 2**63 - 1
    acting = Acting()
    acting.begun(ONE_TASK)
    job = acting.poll(timeout_ms=longest)[0]
    assert job.deadline_ms < longest
    acting.run(commands.UpdateJobTimeout(job.key, longest))
    acting.run(commands.FailJob(job.key, 1, backoff_ms=longest))
    acting.run(commands.PublishMessage("m", "k", longest))
    assert len(acting.state.wheel) == 2

    acting.run(commands.CancelInstance(job.process_instance_key))
