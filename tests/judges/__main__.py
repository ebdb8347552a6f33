"""Has others judge expressions and decisions: `python -m tests.judges --from <folder>`.

The folder holds fetched copies of two public repositories: `feel-scala` (camunda) and `tck` (dmn-tck). What Camunda's
open engines and the standard's kit say is compared with what the engine in the box says; the verdicts are written to
`tests/judges/results`, which the reference page shows, and a test wants a reason for each difference.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.figures import console
from tests.judges import dmn_kit, feel_cases
from tests.judges.agreement import Answer, agree, told
from tests.judges.judge import asked

RESULTS = Path(__file__).parent / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge, and write the results; the exit status tells whether the folder had what is needed."""
    parser = argparse.ArgumentParser(prog="python -m tests.judges", description=__doc__)
    parser.add_argument("--from", dest="folder", type=Path, required=True, help="with feel-scala and tck in it")
    folder: Path = parser.parse_args(arguments).folder
    missing = [name for name in ("feel-scala", "tck") if not (folder / name).is_dir()]
    if missing:
        console.print(f"{folder} has no {' and no '.join(missing)}: fetch the public repositories of these names.")
        return 2
    RESULTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as written:
        _write("feel", _judged(folder / "feel-scala", list(feel_cases.cases(folder / "feel-scala"))))
        _write("dmn", _kit(folder / "tck", list(dmn_kit.cases(folder / "tck", Path(written)))))
    return 0


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
    agreed = result["cases"] - len(result["differs"])
    console.print(
        f"{name}: {agreed:,} of {result['cases']:,} as Camunda's own engine says ({agreed / result['cases']:.1%})"
    )


if __name__ == "__main__":
    raise SystemExit(main())
