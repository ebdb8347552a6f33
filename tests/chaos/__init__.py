"""The chaos suite: what the fleet promises, measured while everything is killed.

`python -m tests.chaos` (`make chaos`) prints each figure beside its target and writes `build/chaos.json`.
Engine, database, outside services, API, adapter, relay and workers are the real ones, as real processes.
"""
