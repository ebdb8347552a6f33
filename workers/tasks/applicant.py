"""Who wants to become a customer: the process variable `applicant`."""

from __future__ import annotations

from pydantic import BaseModel


class Applicant(BaseModel):
    """A person, as they applied."""

    name: str
    email: str
    country: str
