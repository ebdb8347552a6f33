"""What data models are written with: the base of a namespace, their registration, and mixins for common patterns."""

from __future__ import annotations

from zeebe_fleet.workers.contract.data_models import ExtensionModel, extension_model_base, register_data_model
from zeebe_fleet.workers.contract.managed import WorkflowManagedMixin, WorkflowStateMixin
from zeebe_fleet.workers.contract.readable import Readable
from zeebe_fleet.workers.persisters import ModelPersister
from zeebe_fleet.workers.service_task import ServiceTaskHelper

__all__ = [
    "ExtensionModel",
    "ModelPersister",
    "Readable",
    "ServiceTaskHelper",
    "WorkflowManagedMixin",
    "WorkflowStateMixin",
    "extension_model_base",
    "register_data_model",
]
