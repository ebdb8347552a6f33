"""Expressions evaluated on their own.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/specifications/evaluate-expression/;
camunda/camunda issue 55410 (what does not begin with `=` is its own result)
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from zeebe_fleet.engine import feel
from zeebe_fleet.engine.core import documents
from zeebe_fleet.engine.core.expressions import value_of
from zeebe_fleet.engine.rest.answers import json_answer
from zeebe_fleet.engine.rest.body import Body
from zeebe_fleet.engine.rest.problems import invalid

if TYPE_CHECKING:
    from zeebe_fleet.engine.rest.house import House


async def evaluate(request: Request, house: House) -> Response:
    """`POST /v2/expression/evaluation`."""
    body = await Body.of(request)
    text = body.text("expression")
    if not text.strip():
        raise invalid("No expression provided.")
    house.admission.check()
    result = _result(text, documents.cut(body.document()), house.pump.now_ms())
    return json_answer({"expression": text, "result": result, "warnings": []})


def _result(text: str, given: dict[str, str], now_ms: int) -> Any:
    if not text.startswith("="):
        return text
    try:
        expression = feel.parse(text[1:])
        found = expression.evaluate(
            lambda name: value_of(given[name]) if name in given else feel.MISSING, now_ms, secrets.randbits(62)
        )
    except feel.FeelSyntaxError as error:
        raise invalid(f"Failed to parse the expression: {error}") from None
    except feel.FeelFailure as failure:
        raise invalid(f"Failed to evaluate the expression: {failure}") from None
    return json.loads(documents.written(found))
