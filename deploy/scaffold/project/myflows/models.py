"""The data that tasks take and give."""

from pydantic import BaseModel


class Greeting(BaseModel):
    """Its fields become process variables."""

    greeting: str
