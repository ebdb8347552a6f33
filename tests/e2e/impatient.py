"""The shipped app with short leases, so that a dead worker's jobs come back while a test waits.

Nothing else is changed: processes, tasks and their code are the shipped ones.
"""

from dataclasses import replace

from zeebe_fleet.bpmn import shipped
from zeebe_fleet.deploy.app import load_app
from zeebe_fleet.workers.task import Task

PROCESSES = shipped.PROCESSES
TASKS = __name__

for _task in load_app(shipped.__name__).tasks.values():
    _short = Task(_task.job_type, _task.action, replace(_task.settings, lease_s=3.0))
    vars(_task.action)["__fleet_task__"] = _short
    globals()[_task.name] = _task.action

del _task, _short
