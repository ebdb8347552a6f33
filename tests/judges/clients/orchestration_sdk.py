"""Camunda's client for Python (`camunda-orchestration-sdk`), told the address; says of every case how it went."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import Any

import camunda_orchestration_sdk as camunda
from camunda_orchestration_sdk import models

HERE = Path(__file__).parent
NAME = "camunda-orchestration-sdk"
JOB_TYPE = "judged-work"


class Judged:
    """The cases, in their order: each goes on from what those before it left.

    Args:
        client: the client under which the engine is judged.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._instance: Any = None

    async def topology(self) -> None:
        """It reads who is there."""
        found = await self._client.get_topology()
        assert found.gateway_version.startswith("8.9"), found
        assert found.brokers[0].partitions[0].role == "leader", found
        await self._client.get_status()

    async def deployment(self) -> None:
        """A process and a decision are deployed from files, and read again."""
        files = [HERE / "judged.bpmn", HERE / "judged.dmn"]
        deployed = await self._client.deploy_resources_from_files(files)
        assert [one.process_definition_id for one in deployed.processes] == ["judged"]
        assert [one.decision_definition_id for one in deployed.decisions] == ["judged-discount"]
        key = deployed.processes[0].process_definition_key
        assert (await self._client.get_process_definition(key)).version >= 1
        assert "judged-work" in str(await self._client.get_process_definition_xml(key))

    async def start(self) -> None:
        """An instance begins, with variables."""
        self._instance = await self._begun("first")

    async def worker(self) -> None:
        """The client's own worker does the job."""
        heard: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def work(job: Any) -> dict[str, Any]:
            heard.set_result((job.variables.to_dict(), job.custom_headers.to_dict(), job.retries))
            return {"worked": True}

        settings = camunda.WorkerConfig(JOB_TYPE, job_timeout_milliseconds=30_000, request_timeout_milliseconds=5_000)
        worker = self._client.create_job_worker(settings, work)
        assert await heard == ({"order": "first"}, {"kind": "plain"}, 3)
        await self._until_at("pay")
        worker.stop()

    async def message(self) -> None:
        """A message reaches the instance."""
        paid = models.MessagePublicationRequestVariables.from_dict({"paid": 42})
        await self._client.publish_message(
            data=models.MessagePublicationRequest(
                name="judged-paid", correlation_key="first", time_to_live=1_000, variables=paid
            )
        )
        await self._until_at("review")

    async def user_task(self) -> None:
        """Somebody finds the task, takes it, and completes it."""
        wanted = models.UserTaskSearchQueryFilter(
            state=camunda.UserTaskStateExactMatch.CREATED,
            candidate_group="reviewers",
            process_instance_key=self._instance,
        )
        (task,) = (await self._client.search_user_tasks(data=models.UserTaskSearchQuery(filter_=wanted))).items
        assert (task.name, task.assignee, task.priority, task.due_date.year) == ("Review", None, 70, 2030)
        await self._client.assign_user_task(task.user_task_key, data=models.UserTaskAssignmentRequest(assignee="ada"))
        assert (await self._client.get_user_task(task.user_task_key)).assignee == "ada"
        approved = models.UserTaskCompletionRequestVariables.from_dict({"approved": True})
        await self._client.complete_user_task(
            task.user_task_key, data=models.UserTaskCompletionRequest(variables=approved)
        )

    async def search(self) -> None:
        """What has ended is found, with its variables and elements."""
        wanted = models.ProcessInstanceSearchQueryFilter(
            process_instance_key=self._instance, state=camunda.ProcessInstanceStateExactMatch.COMPLETED
        )
        query = models.ProcessInstanceSearchQuery(filter_=wanted)
        (ended,) = (await self._client.search_process_instances(data=query)).items
        assert ended.end_date >= ended.start_date
        assert await self._variables() == {"order": '"first"', "worked": "true", "paid": "42", "approved": "true"}
        assert {"start", "work", "pay", "review", "end"} <= {one.element_id for one in await self._elements()}

    async def incident(self) -> None:
        """A job that fails for good is an incident; resolved, it comes again."""
        self._instance = await self._begun("second")
        job = await self._job()
        failure = models.JobFailRequest(retries=0, error_message="Out of paper")
        await self._client.fail_job(job.job_key, data=failure)
        wanted = models.IncidentSearchQueryFilter(process_instance_key=self._instance)
        (incident,) = (await self._client.search_incidents(data=models.IncidentSearchQuery(filter_=wanted))).items
        assert (incident.error_message, incident.error_type) == ("Out of paper", "JOB_NO_RETRIES")
        again = models.JobUpdateRequest(changeset=models.JobChangeset(retries=1))
        await self._client.update_job(job.job_key, data=again)
        await self._client.resolve_incident(incident.incident_key)
        job = await self._job()
        await self._client.complete_job(job.job_key, data=models.JobCompletionRequest())
        await self._until_at("pay")

    async def error(self) -> None:
        """A worker's error is caught by the model."""
        self._instance = await self._begun("third")
        job = await self._job()
        await self._client.throw_job_error(job.job_key, data=models.JobErrorRequest(error_code="REFUSED"))
        assert "turned-away" in {one.element_id for one in await self._elements()}

    async def variables(self) -> None:
        """Variables are set from outside."""
        self._instance = await self._begun("fourth")
        told = models.SetVariableRequestVariables.from_dict({"told": ["a", 1, None]})
        await self._client.create_element_instance_variables(
            self._instance, data=models.SetVariableRequest(variables=told)
        )
        assert (await self._variables())["told"] == '["a",1,null]'

    async def cancellation(self) -> None:
        """An instance is cancelled."""
        await self._client.cancel_process_instance(self._instance, data=None)
        assert (await self._client.get_process_instance(self._instance)).state == "TERMINATED"

    async def decision(self) -> None:
        """A decision is evaluated, and told step by step."""
        given = models.DecisionEvaluationByIdVariables.from_dict({"amount": 250})
        asked = models.DecisionEvaluationByID(decision_definition_id="judged-discount", variables=given)
        found = await self._client.evaluate_decision(data=asked)
        assert found.output == "15", found
        (step,) = found.evaluated_decisions
        assert [one.rule_id for one in step.matched_rules] == ["large"], step

    async def refusal(self) -> None:
        """What is not there is refused in the way the client knows."""
        refused = None
        try:
            await self._begun("fifth", process="nobody-knows")
        except camunda.errors.ApiError as error:
            refused = error
        assert refused is not None
        assert refused.status_code == 404, refused
        assert b"nobody-knows" in refused.content, refused

    async def _begun(self, order: str, process: str = "judged") -> Any:
        variables = models.ProcessInstanceCreationInstructionByIdVariables.from_dict({"order": order})
        asked = models.ProcessCreationById(process_definition_id=process, variables=variables)
        return (await self._client.create_process_instance(data=asked)).process_instance_key

    async def _job(self) -> Any:
        asked = models.JobActivationRequest(type_=JOB_TYPE, timeout=30_000, max_jobs_to_activate=1)
        (job,) = (await self._client.activate_jobs(data=asked)).jobs
        assert job.process_instance_key == self._instance
        return job

    async def _elements(self) -> Any:
        wanted = models.ElementInstanceSearchQueryFilter(process_instance_key=self._instance)
        query = models.ElementInstanceSearchQuery(filter_=wanted)
        return (await self._client.search_element_instances(data=query)).items

    async def _until_at(self, element: str) -> None:
        while element not in {one.element_id for one in await self._elements()}:
            await asyncio.sleep(0.02)

    async def _variables(self) -> dict[str, str]:
        wanted = models.VariableSearchQueryFilter(process_instance_key=self._instance)
        found = await self._client.search_variables(data=models.SearchVariablesData(filter_=wanted))
        return {one.name: one.value for one in found.items}


CASES = (
    "topology",
    "deployment",
    "start",
    "worker",
    "message",
    "user_task",
    "search",
    "incident",
    "error",
    "variables",
    "cancellation",
    "decision",
    "refusal",
)


async def main(address: str) -> None:
    """Go through the cases."""
    print("client", NAME, version(NAME), flush=True)
    os.environ["CAMUNDA_REST_ADDRESS"] = f"{address}/v2"
    async with camunda.CamundaAsyncClient() as client:
        judged = Judged(client)
        for name in CASES:
            try:
                await asyncio.wait_for(getattr(judged, name)(), 15)
            except Exception as wrong:
                traceback.print_exc()
                print("breaks", name, " ".join(f"{type(wrong).__name__} {wrong}".split())[:300], flush=True)
            else:
                print("works", name, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
