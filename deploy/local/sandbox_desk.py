"""The work of the sandbox services: people looked up, accounts opened, credit set aside, money paid, messages sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pydantic import BaseModel

from zeebe_fleet.deploy.local.sandbox_books import Books

UNWELCOME_COUNTRY = "XX"
CREDIT_LIMIT = 50_000
FORMER_EMPLOYEE = "gone"


class Refusal(Exception):
    """The request cannot be served; nothing was done."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Applicant(BaseModel):
    """Who wants to become a customer."""

    name: str
    email: str
    country: str


class NewAccount(BaseModel):
    """A request for an account."""

    applicant: Applicant


class NewCreditLine(BaseModel):
    """A request for credit."""

    email: str
    amount: float


class NewPayout(BaseModel):
    """Money to pay to an employee."""

    employee: str
    amount: int
    reference: str


class NewNotification(BaseModel):
    """A message to somebody."""

    to: str
    template: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What a service did: the record it made or changed, if any, and what it answers."""

    answer: dict[str, Any]
    subject: str = ""
    status: int = 200
    is_final: bool = True
    """Whether the key is used up by it; else the same request may be answered differently later."""


Act = Callable[[dict[str, Any], str], Done]
"""Given the body and the record that the path names."""


class Desk:
    """Does the services' work on the books."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def refuses(self, service: str) -> bool:
        """Tell whether a service was told to refuse."""
        return self.books.fault_of(service).refuse

    def report(self, body: dict[str, Any], _: str) -> Done:
        """Look somebody up."""
        applicant = Applicant.model_validate(body)
        rejected = self.refuses("kyc") or applicant.country == UNWELCOME_COUNTRY
        score = int(hashlib.sha256(applicant.email.encode()).hexdigest()[:2], 16) % 50
        return made("kyc", {"status": "REJECTED" if rejected else "CLEAR", "risk_score": 90 if rejected else score})

    def create_account(self, body: dict[str, Any], _: str) -> Done:
        """Open an account."""
        wanted = NewAccount.model_validate(body)
        return made("acc", {"owner": wanted.applicant.email, "status": "OPEN"})

    def close_account(self, _: dict[str, Any], account_id: str) -> Done:
        """Close an account; one that is closed already cannot be closed again."""
        return changed(self.books, "accounts", account_id, "OPEN", "CLOSED")

    def reserve(self, body: dict[str, Any], _: str) -> Done:
        """Set a credit line aside."""
        wanted = NewCreditLine.model_validate(body)
        if self.refuses("credit") or wanted.amount > CREDIT_LIMIT:
            return Done({"status": "REFUSED", "reason": "OVER_LIMIT"})
        return made("cl", {"owner": wanted.email, "amount": wanted.amount, "status": "RESERVED"})

    def release(self, _: dict[str, Any], line_id: str) -> Done:
        """Give a credit line back."""
        return changed(self.books, "credit", line_id, "RESERVED", "RELEASED")

    def pay_out(self, body: dict[str, Any], _: str) -> Done:
        """Pay an employee who has an account."""
        wanted = NewPayout.model_validate(body)
        if self.refuses("payouts") or wanted.employee == FORMER_EMPLOYEE:
            return Done({"status": "REFUSED", "reason": "ACCOUNT_CLOSED"})
        return made("pay", {**wanted.model_dump(), "status": "BOOKED"})

    def send(self, body: dict[str, Any], _: str) -> Done:
        """Send a message."""
        return made("msg", NewNotification.model_validate(body).model_dump())


def found(books: Books, service: str, subject: str, status: str) -> dict[str, Any]:
    """Return a record in the status it must have."""
    record = books.records.get(service, {}).get(subject)
    if record is None:
        raise Refusal(404, "there is no such record")
    if record["status"] != status:
        raise Refusal(409, f"it is {record['status']} already")
    return record


def changed(books: Books, service: str, subject: str, before: str, after: str) -> Done:
    """Bring a record from one status to the next."""
    return Done({**found(books, service, subject, before), "status": after}, subject)


def made(prefix: str, fields: dict[str, Any]) -> Done:
    """Make a record."""
    subject = f"{prefix}-{uuid4().hex[:12]}"
    return Done({"id": subject, **fields}, subject, 201)
