"""A project of the customer's; its models and its first workflow are the examples of the document."""

from pathlib import Path

PROCESSES = Path(__file__).parent / "workflows"
