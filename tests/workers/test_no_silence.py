"""Nothing that goes wrong between the records and the engine is swallowed without a line in the log."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import structlog

from zeebe_fleet.workers.contract.errors import EngineUnavailable
from zeebe_fleet.workers.contract.noted import noted

HOUSE = Path(__file__).parents[2]
WHERE = ("workers", "adapters/postgres")
OURS = {
    "BaseException",
    "Exception",
    "FleetError",
    "InfrastructureError",
    "RecordsUnavailable",
    "EngineError",
    "EngineRejected",
    "EngineUnavailable",
    "EngineDenied",
    "EngineBroke",
}
_LOGGING = ("log.debug", "log.info", "log.warning", "log.exception", "self._note")


def silent(source: str) -> Iterator[int]:
    """Yield the lines where an error of ours, or any error, ends unseen."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        # a line of its own may say why there is nothing to say
        if (_is_silent(node) or _is_suppressed(node)) and "  # " not in lines[getattr(node, "lineno", 1) - 1]:
            yield getattr(node, "lineno", 1)


def _is_silent(node: ast.AST) -> bool:
    return isinstance(node, ast.ExceptHandler) and _ours(node.type) and not _is_seen(node)


def _is_suppressed(node: ast.AST) -> bool:
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "suppress"
    return named and isinstance(node, ast.Call) and any(map(_ours, node.args))


def _ours(kind: ast.expr | None) -> bool:
    if kind is None:
        return True
    return any(isinstance(one, ast.Name) and one.id in OURS for one in ast.walk(kind))


def _is_seen(handler: ast.ExceptHandler) -> bool:
    """Whether it is raised on, kept, or logged."""
    inside = [node for statement in handler.body for node in ast.walk(statement)]
    kept = any(isinstance(node, ast.Name) and node.id == handler.name for node in inside)
    raised = any(isinstance(node, ast.Raise) for node in inside)
    logged = any(isinstance(node, ast.Attribute) and ast.unparse(node).endswith(_LOGGING) for node in inside)
    return kept or raised or logged


def test_no_error_ends_without_a_line() -> None:
    """What is swallowed is what somebody looks for at night."""
    found = [
        f"{path.relative_to(HOUSE)}:{line}"
        for where in WHERE
        for path in sorted((HOUSE / where).rglob("*.py"))
        for line in silent(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_silence_is_heard() -> None:
    """The look itself finds what it looks for."""
    assert list(silent("try:\n  f()\nexcept Exception:\n  pass\n")) == [3]
    assert list(silent("with suppress(EngineError, OSError):\n  f()\n")) == [1]
    assert list(silent("try:\n  f()\nexcept EngineError as error:\n  log.info('x', why=error.message)\n")) == []


async def test_what_is_let_pass_is_noted() -> None:
    """With its reason; what was not expected is raised on."""
    with structlog.testing.capture_logs() as lines, noted("reply.later", EngineUnavailable, job_key=7):
        raise EngineUnavailable("No answer.")
    assert lines == [{"event": "reply.later", "log_level": "info", "why": "No answer.", "job_key": 7}]
