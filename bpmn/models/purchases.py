"""Purchases: asked for, corrected, decided about; each time a row, the rows a chain."""

from __future__ import annotations

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from zeebe_fleet.bpmn.models import FinanceModel
from zeebe_fleet.workers.contract.data_models import register_data_model
from zeebe_fleet.workers.contract.managed import WorkflowManagedMixin
from zeebe_fleet.workers.contract.principal import OPERATOR_ROLE
from zeebe_fleet.workers.contract.readable import Readable


@register_data_model(
    name="Purchase",
    readable=Readable(roles=frozenset({OPERATOR_ROLE}), filters=("workflow_instance_id", "status")),
)
class Purchase(FinanceModel, WorkflowManagedMixin):
    """What is to be bought, as one workflow left it."""

    _ext_table = "purchase_request"

    item_description: Mapped[str] = mapped_column(String(200))
    amount: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(50))
    comment: Mapped[str | None] = mapped_column(String(2000))
