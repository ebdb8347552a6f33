"""How a test case names what it is about.

Source: https://docs.camunda.io/docs/apis-tools/testing/json-test-cases/, "Reference: Selectors"
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Word = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """Something that is said in JSON, with Camunda's names."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, strict=True, use_attribute_docstrings=True
    )


class Selector(Part):
    """Names something by at least one of its properties."""

    @model_validator(mode="after")
    def _selects(self) -> Selector:
        if all(value is None for _, value in self):
            raise ValueError(f"names nothing: one of {', '.join(to_camel(name) for name in type(self).model_fields)}")
        return self


class ProcessSelector(Selector):
    """Names a process, or the case's newest instance of it."""

    process_definition_id: Word


class ElementSelector(Selector):
    """Names an element of the model."""

    element_id: Word | None = None
    element_name: Word | None = None


class JobSelector(Selector):
    """Names a job."""

    job_type: Word | None = None
    element_id: Word | None = None
    process_definition_id: Word | None = None


class UserTaskSelector(Selector):
    """Names a user task."""

    element_id: Word | None = None
    task_name: Word | None = None
    process_definition_id: Word | None = None


class IncidentSelector(Selector):
    """Names an incident."""

    element_id: Word | None = None
    process_definition_id: Word | None = None


class DecisionDefinitionSelector(Selector):
    """Names a decision."""

    decision_definition_id: Word


class DecisionSelector(Selector):
    """Names a decision that was made."""

    decision_definition_id: Word | None = None
    decision_definition_name: Word | None = None
