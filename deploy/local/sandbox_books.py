"""What the sandbox services remember: one line per call, from which everything else follows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TextIO

from pydantic import BaseModel, ConfigDict, Field

SERVICES = ("kyc", "accounts", "credit", "notifications", "customers", "catalogs", "subsidies", "payouts")
"""By the names under which tasks know them."""


class Fault(BaseModel):
    """How a service misbehaves until told otherwise."""

    model_config = ConfigDict(extra="forbid")

    latency_ms: int = Field(default=0, ge=0)
    error_status: int | None = Field(default=None, ge=400, le=599)
    error_rate: float = Field(default=1.0, ge=0, le=1)
    """Share of calls that get `error_status`."""
    retry_after_s: int | None = None
    after_effect: bool = False
    """Whether an error comes only after the work was done, as when an answer is lost on the way."""
    nonsense: Literal["html", "shape"] | None = None
    """Answer 200 with a web page, or with JSON of another shape, after the work was done."""
    refuse: bool = False
    """Answer that somebody is refused: a business outcome, no error; KYC, credit, subsidies and payouts know it."""
    for_s: float | None = Field(default=None, gt=0, le=3600)
    """Behave again after so long; without it, when told to."""
    since: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def is_over(self) -> bool:
        """Whether its time is up."""
        return self.for_s is not None and datetime.now(UTC) >= self.since + timedelta(seconds=self.for_s)


class Call(BaseModel):
    """One call as the service saw it; `duplicate` when its key had been answered before."""

    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    service: str
    operation: str
    target: str = ""
    """The record that the path names; empty when one is made."""
    idempotency_key: str
    status: int
    duplicate: bool = False
    subject: str = ""
    """The record that was made or changed."""

    @property
    def scope(self) -> str:
        """What a key is good for: the same key at another address is another request."""
        return " ".join((self.service, self.operation, self.target, self.idempotency_key))


class Books:
    """Records, answers and the log of calls.

    Args:
        folder: where to keep them; without one they end with the process.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.calls: list[Call] = []
        self.records: dict[str, dict[str, dict[str, Any]]] = {}
        self.faults: dict[str, Fault] = {}
        self.budgets: dict[str, float] = {"learning": 1_000_000}
        """What subsidies are paid from: the whole of it, what has been granted included."""
        self._answers: dict[str, tuple[str, Any]] = {}
        self._journal: TextIO | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._journal = self._resume(folder / "calls.jsonl")

    def answer_to(self, call: Call) -> tuple[str, Any] | None:
        """Return the fingerprint of the request that came with this key before, and its answer."""
        return self._answers.get(call.scope)

    def note_call(
        self, call: Call, *, fingerprint: str = "", record: Mapping[str, Any] | None = None, answer: Any = None
    ) -> None:
        """Log a call together with what it did; one line, so that both survive or neither."""
        self._write(
            {"call": call.model_dump(mode="json"), "fingerprint": fingerprint, "record": record, "answer": answer}
        )

    def fault_of(self, service: str) -> Fault:
        """How a service misbehaves now; not at all, as a rule."""
        found = self.faults.get(service, Fault())
        return Fault() if found.is_over else found

    def note_fault(self, service: str, fault: Fault | None) -> None:
        """Let a service misbehave, or behave again."""
        self._write({"service": service, "fault": fault and fault.model_dump(mode="json")})

    def note_budget(self, name: str, amount: float) -> None:
        """Set a budget."""
        self._write({"budget": name, "amount": amount})

    def _write(self, line: dict[str, Any]) -> None:
        if self._journal is not None:
            self._journal.write(json.dumps(line, separators=(",", ":")) + "\n")
            self._journal.flush()
        self._apply(line)

    def _apply(self, line: Mapping[str, Any]) -> None:
        if "budget" in line:
            self.budgets[line["budget"]] = line["amount"]
            return
        if "fault" in line:
            self.faults.pop(line["service"], None)
            if line["fault"]:
                self.faults[line["service"]] = Fault.model_validate(line["fault"])
            return
        call = Call.model_validate(line["call"])
        self.calls.append(call)
        if line["record"]:
            self.records.setdefault(call.service, {})[call.subject] = line["record"]
        if line["answer"] is not None and not call.duplicate:
            self._answers[call.scope] = (line["fingerprint"], line["answer"])

    def _resume(self, file: Path) -> TextIO:
        """Read what an earlier process wrote; a line it was killed in the middle of did not happen."""
        if file.exists():
            content = file.read_bytes()
            whole = content[: content.rfind(b"\n") + 1]
            if len(whole) < len(content):
                file.write_bytes(whole)
            for line in whole.splitlines():
                self._apply(json.loads(line))
        return file.open("a", encoding="utf-8")
