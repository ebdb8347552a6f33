"""Zeebe Fleet: a worker fleet for Camunda 8."""
