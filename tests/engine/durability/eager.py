"""The engine as a process, with a checkpoint after every few records instead of thousands: `eager.py RECORDS ...`."""

from __future__ import annotations

import sys

from zeebe_fleet.engine import pump
from zeebe_fleet.engine.__main__ import main

if __name__ == "__main__":
    pump.RECORDS_A_CHECKPOINT = int(sys.argv.pop(1))
    sys.exit(main())
