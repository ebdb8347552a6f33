"""An instance created, and its end awaited."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from zeebe_fleet.engine.core.state import DEFAULT_TENANT
from zeebe_fleet.engine.gateway.jobs import Context
from zeebe_fleet.engine.gateway.methods import creation
from zeebe_fleet.engine.gateway.status import TookTooLong, refuse
from zeebe_fleet.engine.gateway.stubs import pb

if TYPE_CHECKING:
    from zeebe_fleet.engine.admission import Admission
    from zeebe_fleet.engine.waits import Waits

RESULT_S = 15.0
"""How long an end is awaited when the client leaves it to the engine: the gateway's own `requestTimeout`."""


class Results:
    """Serves `CreateProcessInstanceWithResult`."""

    def __init__(self, admission: Admission, waits: Waits) -> None:
        self._admission = admission
        self._waits = waits

    async def create(self, request: Any, context: Context) -> Any:
        """Answer with the variables at the instance's end.

        Source: https://docs.camunda.io/docs/apis-tools/zeebe-api/gateway-service/#createprocessinstancewithresult-rpc
        """
        wait_s = request.requestTimeout / 1000 if request.requestTimeout > 0 else RESULT_S
        try:
            with self._waits.one():
                return _written(await self._ended(request, wait_s))
        except TimeoutError:
            told = f"The process instance did not end within the {wait_s:g} s of the request; it goes on."
            await refuse(context, TookTooLong(told))
        except Exception as error:
            await refuse(context, error)

    async def _ended(self, request: Any, wait_s: float) -> Any:
        command = creation(request.request)
        async with asyncio.timeout(wait_s):
            return await self._admission.run_to_end(command, tuple(request.fetchVariables))


def _written(finished: Any) -> Any:
    return pb.CreateProcessInstanceWithResultResponse(
        processDefinitionKey=finished.process_definition_key,
        bpmnProcessId=finished.bpmn_process_id,
        version=finished.version,
        processInstanceKey=finished.process_instance_key,
        variables=finished.variables,
        tenantId=DEFAULT_TENANT,
    )
