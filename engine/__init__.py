"""The engine in the box: one process that speaks Camunda 8's gRPC gateway and REST v2, for work, tests and demos.

It imports nothing of the rest of the house. Its rooms, in the order in which a request passes them:

- `gateway`, `rest`: a request becomes a command, an answer becomes a response.
- `pump`: runs commands in turns, and answers nothing before it is on the disk.
- `core`: the deterministic machine: command, state and time become events; events change the state, nothing else does.
- `elements`: what each BPMN element does. **A new element is one file there**, listed in its `__init__`.
- `model`: BPMN read into processes of elements, validated as the engine's users know it.
- `feel`: expressions, parsed once and compiled.
- `journal`: events on the disk; it knows bytes alone.
- `search`: what REST's searches read, filled behind from the events.

`feel` and `model` are pure and serve the whole house.
"""
