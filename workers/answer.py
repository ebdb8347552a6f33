"""What an outside service answered, as a type of ours."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from zeebe_fleet.workers.contract.errors import TransientError

Answer = TypeVar("Answer", bound=BaseModel)


def read_answer(answer: Any, shape: type[Answer], *, of: str) -> Answer:
    """Read an answer as a model; fields it does not know are ignored.

    Raises:
        TransientError: it does not fit. Names the fields, never their values, which may be personal data.
    """
    try:
        return shape.model_validate(answer)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'answer'}: {e['type']}" for e in error.errors())
        raise TransientError(f"{of} answered something that is no {shape.__name__}: {wrong}.") from None
