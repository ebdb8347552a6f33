"""Feeds every parser what nobody would write, for a bounded time: `python -m tests.security.fuzz --seconds 60`.

Each parser runs in a process of its own, so that one that hangs or dies is seen, with what it was given. Crashes, hangs
and growth are printed, and their input is kept under `tests/security/kept`, where the tests try it from then on.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from tests.security.parsers import PARSERS, Parser

KEPT = Path(__file__).parent / "kept"
KEPT_BYTES = 16_384
"""Longer input is printed by its length alone."""
SLOWEST_S = 1.5
"""CPU time of one text."""
_HANGS_S = 20
_GROWTH_BYTES = 150 * 1024 * 1024
_NAMES_BYTES = 256
"""Of a text: libxml2 remembers each name of an element or attribute that it ever read."""
_MOST_BYTES = 4 * 1024**3
_LONGEST = 200_000
_FOUND = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz; the exit status is 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.security.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long, for all parsers together (60)")
    parser.add_argument("--parser", choices=PARSERS, action="append", help="one of them; may be given several times")
    parser.add_argument("--seed", type=int, default=None, help="what the input is drawn from; another one each time")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    names = asked.parser or list(PARSERS)
    seed = random.SystemRandom().randrange(1 << 32) if asked.seed is None else asked.seed
    if asked.child:
        return fuzz(names[0], asked.seconds, seed, asked.child)
    print(f"seed {seed}, {asked.seconds:g} s", flush=True)
    return max([_apart(name, asked.seconds / len(names), seed) for name in names], default=0)


def _apart(name: str, seconds: float, seed: int) -> int:
    """Fuzz one parser in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "input"
        command = [sys.executable, "-m", "tests.security.fuzz", "--parser", name, "--seconds", str(seconds)]
        process = subprocess.Popen([*command, "--seed", str(seed), "--child", str(given)])
        try:
            status = process.wait(seconds + _HANGS_S + 40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return _told(name, "hangs", given.read_bytes())
        if status in (0, 1):
            return status
        return _told(name, f"ends the process with {status}", given.read_bytes() if given.exists() else b"")


def fuzz(name: str, seconds: float, seed: int, given: Path) -> int:
    """Feed one parser for a time; `given` always holds what it was given last."""
    with suppress(ValueError, OSError):  # where the system knows no such bound
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    parser, drawn = PARSERS[name], random.Random(f"{seed} {name}")
    ends_at, count, found, settled = time.monotonic() + seconds, 0, 0, 0
    with given.open("wb", buffering=0) as last:
        while time.monotonic() < ends_at and found < _FOUND:
            text = mutated(drawn, parser)
            content = text.encode("utf-8", "surrogatepass")
            last.seek(0)
            last.write(content)
            last.truncate()
            problem = problem_of(parser, text)
            if problem:
                found += _told(name, problem, smaller(parser, text, problem).encode("utf-8", "surrogatepass"))
            count += 1
            if count == 200:
                settled = _memory_bytes()
    grown = _memory_bytes() - settled if settled else 0
    if grown > _GROWTH_BYTES + count * _NAMES_BYTES:
        found += _told(name, f"grows by {grown >> 20} MB over {count:,} texts", b"")
    print(f"{name}: {count:,} texts, {found} found", flush=True)
    return 1 if found else 0


def problem_of(parser: Parser, text: str) -> str:
    """Say what is wrong with how a parser takes a text; empty where nothing is."""
    for _ in range(2):  # a machine that others use is slow once
        begun = time.process_time()
        try:
            parser.feed(text)
        except parser.refusals:
            pass
        except Exception as error:  # whatever it is, nobody expects it
            return f"raises {type(error).__name__}"
        if time.process_time() - begun <= SLOWEST_S:
            return ""
    return "is slow"


def smaller(parser: Parser, text: str, problem: str) -> str:
    """Take away from a text what is not needed for a problem, within a few seconds."""
    ends_at, size = time.monotonic() + 5, max(len(text) // 2, 1)
    while size and time.monotonic() < ends_at:
        place = 0
        while place < len(text) and time.monotonic() < ends_at:
            rest = text[:place] + text[place + size :]
            if problem_of(parser, rest) == problem:
                text = rest
            else:
                place += size
        size //= 2
    return text


def mutated(drawn: random.Random, parser: Parser) -> str:
    """Make a text of a seed: cut, put together, repeated and nested."""
    text = drawn.choice(parser.seeds)
    for _ in range(drawn.choice((1, 1, 2, 3, 5, 8))):
        text = drawn.choice(_WAYS)(drawn, text, parser)[:_LONGEST]
    return text


def _places(drawn: random.Random, text: str) -> tuple[int, int]:
    first = drawn.randint(0, len(text))
    return first, min(first + drawn.choice((1, 2, 5, 20, 100)), len(text))


def _taken_out(drawn: random.Random, text: str, parser: Parser) -> str:
    first, last = _places(drawn, text)
    return text[:first] + text[last:]


def _put_in(drawn: random.Random, text: str, parser: Parser) -> str:
    first, _ = _places(drawn, text)
    return text[:first] + drawn.choice(parser.words) + text[first:]


def _replaced(drawn: random.Random, text: str, parser: Parser) -> str:
    first, last = _places(drawn, text)
    return text[:first] + drawn.choice(parser.words) + text[last:]


def _repeated(drawn: random.Random, text: str, parser: Parser) -> str:
    first, last = _places(drawn, text)
    return text[:first] + text[first:last] * drawn.choice((2, 10, 100, 2_000)) + text[last:]


def _nested(drawn: random.Random, text: str, parser: Parser) -> str:
    first, last = _places(drawn, text)
    begin, end, times = drawn.choice(parser.words), drawn.choice(parser.words), drawn.choice((2, 30, 300, 3_000))
    return text[:first] + begin * times + text[first:last] + end * times + text[last:]


def _joined(drawn: random.Random, text: str, parser: Parser) -> str:
    other = drawn.choice(parser.seeds)
    first, _ = _places(drawn, text)
    begin, _ = _places(drawn, other)
    return text[:first] + other[begin:]


def _turned(drawn: random.Random, text: str, parser: Parser) -> str:
    if not text:
        return chr(drawn.randrange(0x110000))
    place = drawn.randrange(len(text))
    return text[:place] + chr(drawn.choice((drawn.randrange(128), drawn.randrange(0x110000)))) + text[place + 1 :]


_WAYS: tuple[Callable[[random.Random, str, Parser], str], ...] = (
    *(_taken_out, _put_in, _put_in, _replaced, _replaced),
    *(_repeated, _nested, _joined, _turned, _turned),
)


def _told(name: str, problem: str, content: bytes) -> int:
    """Print a finding and keep its input; returns 1, the exit status it leads to."""
    kept = ""
    if 0 < len(content) <= KEPT_BYTES:
        file = KEPT / name / hashlib.sha256(content).hexdigest()[:12]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        kept = f", kept as {os.path.relpath(file)}"
    print(f"{name} {problem} on {len(content):,} bytes{kept}", flush=True)
    return 1


def _memory_bytes() -> int:
    gc.collect()
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    sys.exit(main())
