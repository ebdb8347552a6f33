"""What can go wrong with the local stack, each with the next step to take.

LocalStackError
├── DiskFull                    no room for a download or for the data
├── OtherEngine                 the data was made with another engine
├── StackHeld                   another process runs or starts this stack
└── PartFailed                  an engine, database or server did not get ready
"""

from __future__ import annotations

from zeebe_fleet.workers.contract.errors import FleetError


class LocalStackError(FleetError):
    """The local stack cannot do what was asked."""


class DiskFull(LocalStackError):
    """No room on the disk."""


class OtherEngine(LocalStackError):
    """The data of this state directory was made with another engine."""


class StackHeld(LocalStackError):
    """Another living process owns this stack."""


class PartFailed(LocalStackError):
    """A part of the stack ended or did not get ready in time."""
