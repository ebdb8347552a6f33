"""The engine's durable storage: records in order, and rows that stand for the older ones. It knows bytes alone.

Read `journal` first: what lies in the directory and who does what; then `record`, the format that tells damage from a
write that a power cut tore.
"""

from zeebe_fleet.engine.journal.disk import Disk, File
from zeebe_fleet.engine.journal.errors import JournalBroken, JournalDamaged, JournalError, JournalHeld, JournalTooNew
from zeebe_fleet.engine.journal.journal import Journal, Settings
from zeebe_fleet.engine.journal.making import reset
from zeebe_fleet.engine.journal.memory import MemoryJournal
from zeebe_fleet.engine.journal.port import AnyJournal, Figures, Rows
from zeebe_fleet.engine.journal.segment import Sizes

__all__ = [
    "AnyJournal",
    "Disk",
    "Figures",
    "File",
    "Journal",
    "JournalBroken",
    "JournalDamaged",
    "JournalError",
    "JournalHeld",
    "JournalTooNew",
    "MemoryJournal",
    "Rows",
    "Settings",
    "Sizes",
    "reset",
]
