"""Customer, catalog and subsidy: what the records of another system are made with, one task each."""

from __future__ import annotations

from typing import Any

from zeebe_fleet import BusinessError, PermanentError

CALLS: list[tuple[str, str, str]] = []
"""What was asked of the other system: what, for whom, and under which key."""
WITHOUT_BUDGET: set[str] = set()
"""Customers whose subsidy fails."""


def create_customer(sth: Any, customer: str) -> dict[str, str]:
    """Make the customer."""
    CALLS.append(("customer", customer, sth.idempotency_key))
    return {"customer_id": f"customer-{customer}"}


def create_catalog(sth: Any, customer: str, customer_id: str) -> dict[str, str]:
    """Make a catalog of that customer."""
    CALLS.append(("catalog", customer, sth.idempotency_key))
    return {"catalog_id": f"catalog-of-{customer_id}"}


def create_subsidy(sth: Any, customer: str, catalog_id: str, amount: int = 100) -> dict[str, str]:
    """Make a subsidy for that catalog."""
    CALLS.append(("subsidy", customer, sth.idempotency_key))
    if customer in WITHOUT_BUDGET:
        raise PermanentError("There is no budget for the subsidy.", "Give it one, and retry.")
    return {"subsidy_id": f"subsidy-of-{catalog_id}"}


def grant_subsidy(sth: Any, customer: str, customer_id: str) -> dict[str, str]:
    """Make a subsidy, or say that there will be none."""
    CALLS.append(("grant", customer, sth.idempotency_key))
    if customer in WITHOUT_BUDGET:
        raise BusinessError("NO_BUDGET", "There is no budget for the subsidy.")
    return {"subsidy_id": f"subsidy-of-{customer_id}"}


def delete_customer(sth: Any, customer: str) -> None:
    """Take the customer back."""
    (undone,) = sth.undone
    CALLS.append(("delete", customer, undone.idempotency_key))
