"""The page on the engine in the box: what it does, refuses, and does otherwise, read from the engine itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zeebe_fleet.engine.elements import BEHAVIOURS
from zeebe_fleet.engine.gateway.methods import METHODS
from zeebe_fleet.engine.rest.routes import ROUTES
from zeebe_fleet.engine.version import VERSIONS

_VERDICTS = Path(__file__).parents[2] / "tests" / "judges" / "results"
_HEAD = """\
# The engine in the box

<!-- Written by `make docs` from engine/. Do not edit. -->

A stand-in for Camunda 8 on one machine: for work, tests and demos, never for production
([why](../adr/0016-an-engine-in-the-box.md), [how to run it](../how-to/engine.md)). It plays the version it is told,
`--as {versions}`, and refuses by name what it lacks: a model at its deployment, a method with UNIMPLEMENTED, a REST
operation with 501. Its behaviour is held by tests, [point by point](engine-points.md).
"""

_DIFFERENCES = (
    (
        "One partition, one broker, no authentication, no tenants",
        "as many as one sets up",
        "a stand-in for one machine",
    ),
    (
        "What is handed out or answered is on the disk first; `--forgetful` hands out before it is",
        "a job can be handed out before its record is on the disk, and be unknown after a crash",
        "measured on 8.6.0",
    ),
    (
        "A lease, backoff or timer is up to 64 ms late, never early",
        "up to about a second late",
        "measured on 8.6.0",
    ),
    (
        "A search sees what was answered before it; `--search-lag` imitates a real one's delay",
        "searches lag by about a second",
        "measured on 8.8",
    ),
    (
        "`now()` and `today()` are in UTC",
        "in the zone of the machine the broker runs on",
        "Camunda's documentation of FEEL",
    ),
    (
        "A loop without a wait state is run in slices; it never ends, and holds up nobody",
        "it fills the log of its partition",
        "-",
    ),
    (
        "A timer whose cycle would fire for ever at one moment, as `R/PT0S`, is an incident",
        "it fires on and on",
        "-",
    ),
    (
        "An inclusive gateway goes on when nothing can come any more, also where a path left elsewhere",
        "it waits for ever then",
        "camunda/camunda issue 19460",
    ),
    (
        "Activities of an ad-hoc subprocess lie in it directly",
        "from 8.8 on, each in an instance of its own",
        "Camunda's documentation of ad-hoc subprocesses",
    ),
    (
        "A model is checked when it is deployed only as far as its elements run here",
        "every element is checked",
        "-",
    ),
    (
        "A process with running instances is not deleted, whichever version is played",
        "from 8.10 on it is drained",
        "camunda/camunda issue 56976",
    ),
    (
        "Candidate groups are kept and passed on by name, as they are written",
        "8.8 and newer look groups up",
        "Camunda's documentation of user tasks",
    ),
    (
        "A request that waits for the listeners of a user task is refused when the task ends before its time",
        "it is never answered, or times out",
        "-",
    ),
    (
        "A job-based user task cannot be migrated to a Camunda user task",
        "newer versions can",
        "Camunda's documentation of migration",
    ),
    (
        "No listeners but those in the model",
        "8.9 has global user task listeners",
        "Camunda's documentation",
    ),
    (
        "Searches forget finished instances when the index has to be built anew, and what lives began then",
        "they stay as long as the retention says",
        "-",
    ),
    (
        "The last 10,000 finished process instances can be searched",
        "as long as the retention says",
        "-",
    ),
    (
        "Variables are numbered by the index: a key of another kind, and another one when it is built anew",
        "a variable has a key of the engine",
        "Camunda's documentation of the REST API",
    ),
    (
        "An expression that is evaluated by REST has no warnings",
        "what of it came to null is told",
        "Camunda's documentation of the REST API",
    ),
    (
        "Tags and business ids that a start is given are not kept: an instance has none",
        "they are told with the instance and its jobs",
        "Camunda's documentation of the REST API",
    ),
    (
        "Runtime instructions of a new instance, and moves of a modification, are refused by REST (501)",
        "they are carried out",
        "Camunda's documentation of the REST API",
    ),
    (
        "A search passes over filter fields that it does not know, whichever version is played",
        "8.8 does so, 8.10 refuses them; of 8.9 nothing is said",
        "measured on 8.8; camunda/camunda issue 54616",
    ),
    (
        "Keys are strings in REST, whichever version is played",
        "8.6 and 8.7 send numbers",
        "measured on 8.8; documentation",
    ),
)

_LATER = (
    ("ad-hoc subprocesses whose activities a job chooses", "an `activeElementsCollection`, or activation by REST"),
    ("compensation event subprocesses", "compensation boundary events"),
    ("conditional events", "an exclusive gateway, or a message"),
)


def engine_page() -> str:
    """Return the page."""
    return "\n".join(_page())


def _page() -> Iterator[str]:
    yield _HEAD.format(versions="|".join(VERSIONS))
    yield "## BPMN\n"
    yield "What runs, with multi-instance, mappings, execution listeners and headers wherever Camunda has them.\n"
    yield "| element | event |\n|---|---|"
    yield from (f"| `{tag}` | {_events(tag)} |" for tag in sorted({tag for tag, _ in BEHAVIOURS}))
    yield "\nWhat is refused at deployment until it is there, and what to use:\n"
    yield "| refused | instead |\n|---|---|"
    yield from (f"| {what} | {instead} |" for what, instead in _LATER)
    yield "\n## gRPC\n"
    methods = ", ".join(f"`{name}`" for name in sorted({*METHODS, *_STREAMS}))
    yield f"{methods}.\n"
    yield "## REST\n"
    yield "| operation | since |\n|---|---|"
    yield from (f"| `{one.method} {one.path}` | {'.'.join(map(str, one.since))} |" for one in ROUTES)
    yield "\n## As others judge it\n"
    yield from _judged()
    yield "\n## Where it differs from a real Camunda 8\n"
    yield "| here | there | source |\n|---|---|---|"
    yield from (f"| {' | '.join(row)} |" for row in _DIFFERENCES)
    yield ""


def _judged() -> Iterator[str]:
    """Tell what Camunda's open engines, and the kit of the standard, say; `make judges` asks them anew."""
    feel, dmn = (json.loads((_VERDICTS / f"{name}.json").read_text("utf-8")) for name in ("feel", "dmn"))
    yield "| judge | cases | as it says | asked of |\n|---|---|---|---|"
    yield (
        f"| Camunda's FEEL engine 1.20 | the expressions of its own tests, {feel['cases']:,} | {_share(feel)} | "
        f"{_of(feel)} |"
    )
    yield (
        f"| Camunda's open DMN engine 1.11 | the decisions of the DMN test kit, {dmn['cases']:,} | {_share(dmn)} | "
        f"{_of(dmn)} |"
    )
    kept = dmn["as the kit expects"]
    yield f"| the DMN test kit itself | the same | {kept:,} ({kept / dmn['cases']:.1%}) | {_of(dmn)} |"
    yield from (
        f"| [{name}](../../tests/judges/clients/programs.py) {one['version']} | as an application in {one['language']} "
        f"would, unmodified, {one['cases']} | {_went(one)} | - |"
        for name, one in json.loads((_VERDICTS / "clients.json").read_text("utf-8")).items()
    )
    yield "\nEach difference has its reason in [differences.toml](../../tests/judges/differences.toml)."


def _went(verdicts: Mapping[str, Any]) -> str:
    works = verdicts["cases"] - len(verdicts["breaks"])
    return f"{works} ({works / verdicts['cases']:.1%})"


def _share(verdicts: Mapping[str, Any]) -> str:
    same = verdicts["cases"] - len(verdicts["differs"])
    return f"{same:,} ({same / verdicts['cases']:.1%})"


def _of(verdicts: Mapping[str, Any]) -> str:
    return f"commit `{verdicts['commit'][:10]}`"


_STREAMS = ("ActivateJobs", "CreateProcessInstanceWithResult", "StreamActivatedJobs", "Topology")


def _events(tag: str) -> str:
    found = sorted(event for kind, event in BEHAVIOURS if kind == tag)
    return ", ".join(event or "none" for event in found) if found != [""] else ""
