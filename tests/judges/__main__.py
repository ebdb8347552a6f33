"""Has others judge the engine in the box: `python -m tests.judges --from <folder>`.

Camunda's own clients are fetched and run against it; without a folder, that is all. The folder holds fetched copies of
two public repositories: `feel-scala` (camunda) and `tck` (dmn-tck). What Camunda's open engines and the standard's kit
say is compared with what the engine in the box says. The verdicts are written to `tests/judges/results`, which the
reference page shows, and a test wants a reason for each difference.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.figures import console
from tests.engine.process.box import box
from tests.judges import dmn_kit, feel_cases
from tests.judges.agreement import Answer, agree, told
from tests.judges.clients.programs import PROGRAMS, NotFetched
from tests.judges.judge import asked

RESULTS = Path(__file__).parent / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge, and write the results; the exit status tells whether the folder had what is needed."""
    parser = argparse.ArgumentParser(prog="python -m tests.judges", description=__doc__)
    parser.add_argument("--from", dest="folder", type=Path, help="with feel-scala and tck in it")
    folder: Path | None = parser.parse_args(arguments).folder
    RESULTS.mkdir(exist_ok=True)
    _write("clients", asyncio.run(_clients()))
    return 0 if folder is None else _engines(folder)


def _engines(folder: Path) -> int:
    missing = [name for name in ("feel-scala", "tck") if not (folder / name).is_dir()]
    if missing:
        console.print(f"{folder} has no {' and no '.join(missing)}: fetch the public repositories of these names.")
        return 2
    with tempfile.TemporaryDirectory() as written:
        feel = _judged(folder / "feel-scala", list(feel_cases.cases(folder / "feel-scala")))
        dmn = _kit(folder / "tck", list(dmn_kit.cases(folder / "tck", Path(written))))
    for name, result in (("feel", feel), ("dmn", dmn)):
        _write(name, result)
        agreed = result["cases"] - len(result["differs"])
        console.print(
            f"{name}: {agreed:,} of {result['cases']:,} as Camunda's own engine says ({agreed / result['cases']:.1%})"
        )
    return 0


async def _clients() -> dict[str, Any]:
    """Run each client against an engine of its own; one that cannot be fetched keeps its last verdict."""
    file = RESULTS / "clients.json"
    verdicts: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    for name, program in PROGRAMS.items():
        try:
            async with box("--memory") as engine:
                verdict = await program.judge(engine.rest, engine.grpc)
        except NotFetched as missing:
            console.print(f"{name}: {missing}")
            continue
        count = len(verdict.works) + len(verdict.breaks)
        version = verdict.client.rpartition(" ")[2]
        verdicts[name] = {"language": program.language, "version": version, "cases": count, "breaks": verdict.breaks}
        console.print(f"{verdict.client}: {len(verdict.works)} of {count} cases as it expects")
    return verdicts


def _judged(folder: Path, cases: Sequence[feel_cases.Case | dmn_kit.Case]) -> dict[str, Any]:
    answers = asked([case.question() for case in cases])
    pairs = [(case, case.ours(), answer) for case, answer in zip(cases, answers, strict=True)]
    return {
        "commit": _commit(folder),
        "cases": len(cases),
        "differs": {case.case_id: _difference(ours, theirs) for case, ours, theirs in pairs if not agree(ours, theirs)},
    }


def _kit(folder: Path, cases: Sequence[dmn_kit.Case]) -> dict[str, Any]:
    judged = _judged(folder, cases)
    return {**judged, "as the kit expects": sum(case.is_expected(case.ours()) for case in cases)}


def _difference(ours: Answer, theirs: Answer) -> dict[str, str]:
    return {"ours": told(ours), "theirs": told(theirs)}


def _commit(folder: Path) -> str:
    done = subprocess.run(["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _write(name: str, result: dict[str, Any]) -> None:
    text = json.dumps(result, indent=1, ensure_ascii=False, sort_keys=True)
    (RESULTS / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
