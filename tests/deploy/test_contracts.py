"""Manifests against code: what a job type reads and gives, there and in the signature of its task."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

import zeebe_fleet.bpmn.shipped
from zeebe_fleet.bpmn.tooling.manifest import Manifest
from zeebe_fleet.bpmn.tooling.package import ProcessPackage
from zeebe_fleet.deploy.app import load_app
from zeebe_fleet.deploy.cli import app
from zeebe_fleet.deploy.lint.contracts import broken_contracts, contracts_of
from zeebe_fleet.workers.task import Task, task, task_of, tasks_in

_BPMN = (
    b'<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">'
    b'<bpmn:process id="p" isExecutable="true" /></bpmn:definitions>'
)


class Receipt(BaseModel):
    """What paying gives."""

    number: str
    amount: float


@task("pay")
def pay(order: str, amount: float, note: str | None = None) -> Receipt:
    """Pay for an order."""
    return Receipt(number=order, amount=amount)


@task("tell")
def tell(order: Any) -> None:
    """Tell somebody."""


@task("unsaid")
def unsaid(order, amount):  # type: ignore[no-untyped-def]
    """Say nothing of types."""


def told(job_type: str, **contract: Any) -> list[str]:
    """Return what is said of a job type."""
    said = {
        "name": "p",
        "version": "1.0.0",
        "description": "Pays.",
        "job_types": {job_type: {"description": "x"} | contract},
    }
    package = ProcessPackage(Path("p"), Manifest.model_validate(said), _BPMN)
    tasks = {one.job_type: one for one in map(task_of, (pay, tell, unsaid)) if isinstance(one, Task)}
    return [f"{one.severity}: {one.message}" for one in broken_contracts(package, tasks)]


_ORDER, _AMOUNT = {"order": {"type": "string"}}, {"amount": {"type": "number"}}
_READ = {"type": "object", "required": ["order", "amount"], "properties": _ORDER | _AMOUNT}
_GIVEN = {
    "type": "object",
    "required": ["number", "amount"],
    "properties": {"number": {"type": "string"}} | _AMOUNT,
}


@pytest.mark.parametrize(
    ("job_type", "contract"),
    [
        ("pay", {}),
        ("pay", {"input": _READ, "output": _GIVEN}),
        ("pay", {"input": _READ | {"properties": _ORDER | _AMOUNT | {"more": {}}}}),
        ("tell", {"input": {"type": "object", "required": ["order"], "properties": {"order": {"type": "number"}}}}),
        ("tell", {"output": {"type": "object", "properties": {}}}),
        ("unsaid", {"input": _READ, "output": _GIVEN}),
        ("elsewhere", {"input": _READ, "output": _GIVEN}),
    ],
)
def test_contracts_are_kept(job_type: str, contract: dict[str, Any]) -> None:
    """Of what either of them leaves unsaid, nothing is said."""
    assert told(job_type, **contract) == []


@pytest.mark.parametrize(
    ("job_type", "contract", "says"),
    [
        (
            "pay",
            {"input": {"type": "object", "required": ["order"], "properties": _ORDER}},
            ["error: Its task needs 'amount', which `input` has not."],
        ),
        (
            "pay",
            {"input": _READ | {"required": ["order"]}},
            ["warning: Its task needs 'amount', which `input` does not require."],
        ),
        (
            "pay",
            {"input": _READ | {"properties": {"order": {"type": "object"}} | _AMOUNT}},
            ["error: Of 'order' in `input`, it is an object, where a string is wanted by its task."],
        ),
        (
            "pay",
            {"output": _GIVEN | {"properties": {"number": {"type": "integer"}} | _AMOUNT}},
            ["error: Of 'number', which its task returns, it is a string, where an integer is wanted by `output`."],
        ),
        (
            "pay",
            {"output": {"type": "object", "required": ["number"], "properties": {"number": {"type": "string"}}}},
            ["warning: Its task returns 'amount', which `output` has not."],
        ),
        (
            "tell",
            {"output": {"type": "object", "required": ["told"], "properties": {"told": {"type": "boolean"}}}},
            ["error: `output` promises 'told', which its task does not return."],
        ),
    ],
)
def test_contracts_are_broken(job_type: str, contract: dict[str, Any], says: list[str]) -> None:
    """And each says what differs."""
    assert told(job_type, **contract) == says


def test_shipped_tasks_keep_their_contracts() -> None:
    """Every job type that ships says in its manifest what its code does."""
    assert [str(one) for one in contracts_of(load_app(zeebe_fleet.bpmn.shipped.__name__))] == []


def test_of_several_actions_only_what_all_need_is_needed() -> None:
    """Which of them is picked is known only when it runs."""

    @task("change", action="close")
    def close(books: str, until: str) -> None:
        """Close them."""

    @task("change", action="reopen")
    def reopen(books: str) -> None:
        """Open them again."""

    class Module:
        one, other = close, reopen

    (both,) = tasks_in(Module).values()
    said = {"description": "x", "input": {"type": "object", "required": ["books"], "properties": {"books": {}}}}
    manifest = {"name": "p", "version": "1.0.0", "description": "Closes.", "job_types": {"change": said}}
    package = ProcessPackage(Path("p"), Manifest.model_validate(manifest), _BPMN)
    assert list(broken_contracts(package, {"change": both})) == []


@pytest.mark.parametrize("written", ["text", "json", "sarif", "github"])
def test_lint_says_where_code_and_manifest_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    """With `--code`, in every format; the finding names the manifest's line."""
    package = tmp_path / "odd_app/processes/hello_world"
    shutil.copytree(Path(zeebe_fleet.bpmn.shipped.PROCESSES) / "hello_world", package)
    manifest = package / "manifest.yaml"
    manifest.write_text(manifest.read_text().replace("message: {type: string}}}", "message: {type: integer}}}"))
    (tmp_path / "odd_app/__init__.py").write_text('TASKS = "zeebe_fleet.workers.tasks.hello"\n')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("FLEET_APP", "odd_app")

    result = CliRunner().invoke(app, ["lint", "--code", "--format", written])

    assert result.exit_code == 1
    assert "tasks-keep-the-contract" in result.output
    assert "Of 'message' in `input`, it is an integer, where a string is wanted by its task." in result.output
