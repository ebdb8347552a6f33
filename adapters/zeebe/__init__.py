"""The engine: Zeebe over its gRPC gateway, and REST where only that can say something."""

from zeebe_fleet.adapters.zeebe.connection import EngineConnection, OAuthClient, OperateAccess
from zeebe_fleet.adapters.zeebe.gateway import ZeebeEngine

__all__ = ["EngineConnection", "OAuthClient", "OperateAccess", "ZeebeEngine"]
