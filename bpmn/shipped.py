"""The app that ships with the fleet: its processes are the folders beside this file."""

from pathlib import Path

PROCESSES = Path(__file__).parent
TASKS = "zeebe_fleet.workers.tasks"
