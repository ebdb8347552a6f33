"""Attacks the fleet in three ways and says which held: `python -m tests.security`.

The tests try what is known. Operations, documents and files are generated for what is not. Then each guard is taken
out, and a test has to notice: what stays green without its guard proves nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence

from rich.console import Console

from tests.security import guards

console = Console(highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen attacks; the exit status tells whether all held."""
    parser = argparse.ArgumentParser(prog="python -m tests.security", description=__doc__)
    parser.add_argument("--fuzz", type=int, default=60, metavar="SECONDS", help="how long to generate input (60)")
    parser.add_argument("--only", choices=_ATTACKS, action="append", help="one of them; may be given several times")
    asked = parser.parse_args(arguments)
    held = {name: _told(name, asked.fuzz) for name in asked.only or _ATTACKS}
    for name, is_held in held.items():
        console.print(f"{'held ' if is_held else 'BROKE'} {name}")
    return 0 if all(held.values()) else 1


def _told(name: str, fuzz_s: int) -> bool:
    begun_at = time.monotonic()
    console.print(f"— {name} …")
    is_held = _ATTACKS[name](fuzz_s) == 0
    console.print(f"  {time.monotonic() - begun_at:.0f} s")
    return is_held


def _tests(_fuzz_s: int) -> int:
    return _python("-m", "pytest", "-q", "-m", "", "tests/security", "tests/adapters/test_postgres_walls.py")


def _fuzzing(fuzz_s: int) -> int:
    return _python("-m", "tests.security.fuzz", "--seconds", str(fuzz_s))


def _guards(_fuzz_s: int) -> int:
    return guards.main([])


def _python(*arguments: str) -> int:
    return subprocess.run([sys.executable, *arguments], check=False).returncode


_ATTACKS = {"tests": _tests, "fuzzing": _fuzzing, "guards": _guards}


if __name__ == "__main__":
    sys.exit(main())
