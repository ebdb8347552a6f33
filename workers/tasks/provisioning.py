"""Provisioning: an enterprise customer, its catalog, and the subsidy that pays for what is chosen from it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, model_validator

from zeebe_fleet.workers.answer import read_answer
from zeebe_fleet.workers.context import TaskContext
from zeebe_fleet.workers.contract.errors import BusinessError, PermanentError
from zeebe_fleet.workers.task import task


class Made(BaseModel):
    """A record as its service knows it."""

    id: str


class CustomerCreated(BaseModel):
    """What later steps, and the undoing, need to know."""

    customer_id: str


class CatalogCreated(BaseModel):
    """What later steps, and the undoing, need to know."""

    catalog_id: str


class SubsidyDecision(BaseModel):
    """What the service decided; only a granted subsidy has an id."""

    status: Literal["GRANTED", "REFUSED", "UNKNOWN_BUDGET"]
    id: str = ""

    @model_validator(mode="after")
    def _has_an_id(self) -> Self:
        if self.status == "GRANTED" and not self.id:
            raise ValueError("it has no id")
        return self


class SubsidyCreated(BaseModel):
    """Becomes a part of the workflow's output."""

    subsidy_id: str


@task("customers.create")
async def create_customer(ctx: TaskContext, customer_name: str) -> CustomerCreated:
    """Make the customer; the step's idempotency key keeps a repeated call from making two."""
    answer = await ctx.http("customers").post("/customers", json={"name": customer_name})
    return CustomerCreated(customer_id=read_answer(answer, Made, of="customers").id)


@task("customers.remove")
async def remove_customer(ctx: TaskContext) -> None:
    """Remove what `create_customer` made, as the records have it."""
    for step in ctx.undone:
        await ctx.http("customers").delete(f"/customers/{step.output['customer_id']}")


@task("catalogs.create")
async def create_catalog(ctx: TaskContext, customer_id: str, catalog_title: str) -> CatalogCreated:
    """Make the customer's catalog."""
    wanted = {"customer_id": customer_id, "title": catalog_title}
    answer = await ctx.http("catalogs").post("/catalogs", json=wanted)
    return CatalogCreated(catalog_id=read_answer(answer, Made, of="catalogs").id)


@task("catalogs.remove")
async def remove_catalog(ctx: TaskContext) -> None:
    """Remove what `create_catalog` made, as the records have it."""
    for step in ctx.undone:
        await ctx.http("catalogs").delete(f"/catalogs/{step.output['catalog_id']}")


@task("subsidies.create")
async def create_subsidy(ctx: TaskContext, catalog_id: str, budget: str, subsidy_amount: float) -> SubsidyCreated:
    """Have the subsidy granted.

    Too little left in the budget is a business outcome, about which a person decides. A budget that does not exist
    has to be set right outside: no way of the process leads on from there.
    """
    wanted = {"catalog_id": catalog_id, "budget": budget, "amount": subsidy_amount}
    answer = await ctx.http("subsidies").post("/subsidies", json=wanted)
    decision = read_answer(answer, SubsidyDecision, of="subsidies")
    if decision.status == "REFUSED":
        raise BusinessError("NO_BUDGET", f"The budget {budget!r} has not that much left.")
    if decision.status == "UNKNOWN_BUDGET":
        raise PermanentError(f"The subsidy service knows no budget {budget!r}.", "Have it set up there.")
    return SubsidyCreated(subsidy_id=decision.id)
