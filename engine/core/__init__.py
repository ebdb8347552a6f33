"""The deterministic machine: a command, the state and the time become events, and events change the state.

No I/O, no clock, no randomness: read `machine` first, then `lifecycle` (what happens to every element instance), then
one command (`commands/`) and the appliers of its events (`events/`). What each element does is in `engine.elements`.
"""
