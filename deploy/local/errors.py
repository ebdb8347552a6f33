"""What can go wrong with the local stack, each with the next step to take.

LocalStackError
├── DownloadError               a file could not be fetched
│   ├── NoNetwork               the repository cannot be reached
│   ├── CutDownload             the connection broke again and again
│   └── WrongHash               what arrived is not what is pinned
├── DiskFull                    no room for a download or for the data
├── StackHeld                   another process runs or starts this stack
└── PartFailed                  an engine, database or server did not get ready
"""

from __future__ import annotations

from zeebe_fleet.workers.contract.errors import FleetError


class LocalStackError(FleetError):
    """The local stack cannot do what was asked."""


class DownloadError(LocalStackError):
    """A pinned file could not be fetched."""


class NoNetwork(DownloadError):
    """The repository cannot be reached."""


class CutDownload(DownloadError):
    """The connection broke again and again; what arrived is kept and continued next time."""


class WrongHash(DownloadError):
    """What arrived is not what is pinned; it was thrown away."""


class DiskFull(LocalStackError):
    """No room on the disk."""


class StackHeld(LocalStackError):
    """Another living process owns this stack."""


class PartFailed(LocalStackError):
    """A part of the stack ended or did not get ready in time."""
