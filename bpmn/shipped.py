"""The app that ships with the fleet: its processes are folders beside this file, its data models are in `models`."""

from pathlib import Path

PROCESSES = Path(__file__).parent
TASKS = "zeebe_fleet.workers.tasks"
MODELS = "zeebe_fleet.bpmn.models"
MIGRATIONS = PROCESSES / "migrations"
