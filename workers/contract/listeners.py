"""Job types of the execution listeners that tell the fleet where an instance begins and ends."""

ADOPT = "fleet-adopt"
"""Start listener of a process: runs before any element."""
ENDED = "fleet-ended"
"""End listener of a process: runs when the instance completes; not when it is cancelled."""
