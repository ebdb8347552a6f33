"""Job types and error codes, as a model says them."""

from __future__ import annotations

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Document, Element, is_expression
from zeebe_fleet.bpmn.tooling.parse import listeners
from zeebe_fleet.workers.contract.listeners import ADOPT, ENDED


def job_types(element: Element) -> list[str]:
    """Return the job types of an element and of its listeners; an expression is known only when it runs."""
    own = [definition.get("type", "") for definition in xml.extension(element, "taskDefinition")]
    return [job_type for job_type in own + heard(element) if job_type and not is_expression(job_type)]


def heard(element: Element) -> list[str]:
    """Return the job types of an element's listeners, the fleet's own left out."""
    return [job_type for _, job_type in listeners(element) if job_type not in (ADOPT, ENDED)]


def takes_errors(node: Element, job_type: str) -> bool:
    """Tell whether the engine takes a business error from a job: from no listener, and from no throw event."""
    return job_type not in heard(node) and xml.kind(node) not in ("intermediateThrowEvent", "endEvent")


def error_codes(document: Document, event: Element) -> list[str]:
    """Return the error codes an event throws or catches; `""` is all of them."""
    return [
        document.reference(definition, "errorRef").get("errorCode", "") if definition.get("errorRef") else ""
        for definition in xml.children(event, "errorEventDefinition")
    ]
