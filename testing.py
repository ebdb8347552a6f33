"""What users' tests need: the fleet running on a real engine, and a task tried without one."""

from zeebe_fleet.deploy import testing as _home
from zeebe_fleet.deploy.testing import *  # noqa: F403

__all__: list[str] = []
__all__ += _home.__all__
