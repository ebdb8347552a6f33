"""The business data of the shipped processes: books that are closed, and purchases that are asked for."""

from typing import TYPE_CHECKING

from zeebe_fleet.workers.contract.data_models import ExtensionModel, extension_model_base

if TYPE_CHECKING:  # a type checker takes no base class that a function returns
    FinanceModel = ExtensionModel
else:
    FinanceModel = extension_model_base("finance")
