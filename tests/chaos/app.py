"""The app that the suite's workers run; what they do is in `work`."""

from pathlib import Path

PROCESSES = Path(__file__).parent
TASKS = "tests.chaos.work"
