"""The sandbox services of a provisioning: enterprise customers, their catalogs, and subsidies paid from budgets."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from zeebe_fleet.deploy.local.sandbox_books import Books
from zeebe_fleet.deploy.local.sandbox_desk import Done, Refusal, changed, found, made


class NewCustomer(BaseModel):
    """A request for an enterprise customer."""

    name: str


class NewCatalog(BaseModel):
    """A request for a catalog of a customer."""

    customer_id: str
    title: str


class NewSubsidy(BaseModel):
    """A request to pay for what is chosen from a catalog."""

    catalog_id: str
    budget: str
    amount: float = Field(gt=0)


class Budget(BaseModel):
    """How much there is."""

    amount: float = Field(ge=0)


class Provisioning:
    """Does the services' work on the books."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def create_customer(self, body: dict[str, Any], _: str) -> Done:
        """Make a customer; two may have the same name."""
        return made("cus", {"name": NewCustomer.model_validate(body).name, "status": "ACTIVE"})

    def remove_customer(self, _: dict[str, Any], customer_id: str) -> Done:
        """Remove a customer, who may have no catalog any more."""
        catalogs = self.books.records.get("catalogs", {}).values()
        if any(one["customer_id"] == customer_id and one["status"] == "ACTIVE" for one in catalogs):
            raise Refusal(409, "the customer has a catalog")
        return changed(self.books, "customers", customer_id, "ACTIVE", "REMOVED")

    def create_catalog(self, body: dict[str, Any], _: str) -> Done:
        """Make a catalog of a customer."""
        wanted = NewCatalog.model_validate(body)
        found(self.books, "customers", wanted.customer_id, "ACTIVE")
        return made("cat", {**wanted.model_dump(), "status": "ACTIVE"})

    def remove_catalog(self, _: dict[str, Any], catalog_id: str) -> Done:
        """Remove a catalog."""
        return changed(self.books, "catalogs", catalog_id, "ACTIVE", "REMOVED")

    def grant(self, body: dict[str, Any], _: str) -> Done:
        """Pay from a budget; a budget that nobody has set up yet uses up no key, one that is too small does."""
        wanted = NewSubsidy.model_validate(body)
        found(self.books, "catalogs", wanted.catalog_id, "ACTIVE")
        budget = self.budgets().get(wanted.budget)
        if budget is None:
            return Done({"status": "UNKNOWN_BUDGET"}, is_final=False)
        if self.books.fault_of("subsidies").refuse or wanted.amount > budget["left"]:
            return Done({"status": "REFUSED", "reason": "NO_BUDGET", "left": budget["left"]})
        return made("sub", {**wanted.model_dump(), "status": "GRANTED"})

    def budgets(self) -> dict[str, dict[str, float]]:
        """Return what each budget has, and has left."""
        granted = self.books.records.get("subsidies", {}).values()
        return {
            name: {"amount": amount, "left": amount - sum(one["amount"] for one in granted if one["budget"] == name)}
            for name, amount in self.books.budgets.items()
        }
