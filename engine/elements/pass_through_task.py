"""Tasks that nobody of the engine's has to do: manual and undefined ones.

Source: https://docs.camunda.io/docs/components/modeler/bpmn/manual-tasks/ and undefined-tasks/
"""

from zeebe_fleet.engine.core.behaviour import Behaviour


class PassThroughTask(Behaviour):
    """Lets a token through."""

    kinds = (("task", ""), ("manualTask", ""))
