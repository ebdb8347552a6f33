"""The shipped app with short leases, so that a dead worker's jobs come back while a test waits.

Nothing else is changed: processes, data models, tasks and their code are the shipped ones.
"""

from dataclasses import replace

from zeebe_fleet.bpmn import shipped
from zeebe_fleet.deploy.app import load_app
from zeebe_fleet.workers.task import Task

PROCESSES, MODELS, MIGRATIONS = shipped.PROCESSES, shipped.MODELS, shipped.MIGRATIONS
TASKS = __name__

for _task in load_app(shipped.__name__).tasks.values():
    _is_plain = type(_task) is Task  # one with a flow around it has its settings in each of its actions
    _short = Task(_task.job_type, _task.action, replace(_task.settings, lease_s=3.0)) if _is_plain else _task
    if _is_plain:
        vars(_task.action)["__fleet_task__"] = _short
    globals()[_task.job_type] = _short

del _task, _short, _is_plain
