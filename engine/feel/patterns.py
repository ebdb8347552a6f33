"""Regular expressions: Java's notation on Python's engine, refused where they could take too long.

Python's engine tries the ways a pattern can match one after the other, and can't be stopped. So the number of ways is
estimated first, from the pattern's tree and the length of the text: a pattern that could take too long on this text
is a failure, before it runs. Repetitions within repetitions, as `(a+)+`, always are, unless the text is very short.

Source: https://docs.camunda.io/docs/components/modeler/feel/builtin-functions/feel-built-in-functions-string/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from zeebe_fleet.engine.feel.limits import MAX_STEPS, MAX_STRING_CHARACTERS, FeelFailure, Run
from zeebe_fleet.engine.feel.pattern_cost import ways
from zeebe_fleet.engine.feel.pattern_notation import translated

_FLAGS = {"s": re.DOTALL, "m": re.MULTILINE, "i": re.IGNORECASE, "x": re.VERBOSE}
_LONGEST = 2_000
#: Ways that are tried in about the time of one step.
_WAYS_A_STEP = 100
_REFERENCE = re.compile(r"\\(.)|\$(\d+)|\$\{(\w+)\}|([\\$])", re.DOTALL)


def found(run: Run, text: str, pattern: str, flags: str) -> bool | None:
    """Tell whether a pattern is found; null if it is none."""
    compiled = _compiled(pattern, flags)
    if compiled is None:
        return None
    _check(run, compiled, text)
    return compiled.search(text) is not None


def replaced(run: Run, text: str, pattern: str, replacement: str, flags: str) -> str | None:
    """Replace what a pattern finds; null if it is none, or if the replacement names a group that it has not."""
    compiled = _compiled(pattern, flags)
    if compiled is None:
        return None
    parts: list[str] = []
    size = position = 0
    for match in _matches(run, compiled, text):
        expanded = _expanded(match, replacement)
        if expanded is None:
            return None
        parts += text[position : match.start()], expanded
        position = match.end()
        size += len(parts[-2]) + len(parts[-1])
        if size > MAX_STRING_CHARACTERS:
            raise FeelFailure(f"The string is longer than {MAX_STRING_CHARACTERS} characters.")
    parts.append(text[position:])
    return "".join(parts)


def parts(run: Run, text: str, pattern: str) -> list[str] | None:
    """Cut a text wherever a pattern is found; null if it is none."""
    compiled = _compiled(pattern, "")
    if compiled is None:
        return None
    cut, position = [], 0
    for match in _matches(run, compiled, text):
        if match.end() == 0:
            continue
        cut.append(text[position : match.start()])
        position = match.end()
    return [*cut, text[position:]]


def matches_of(run: Run, text: str, pattern: str) -> list[str] | None:
    """Return all that a pattern finds; null if it is none."""
    compiled = _compiled(pattern, "")
    return None if compiled is None else [match[0] for match in _matches(run, compiled, text)]


def _matches(run: Run, compiled: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    _check(run, compiled, text)
    return compiled.finditer(text)


def _check(run: Run, compiled: re.Pattern[str], text: str) -> None:
    count = ways(compiled.pattern, compiled.flags, len(text))
    if count > MAX_STEPS * _WAYS_A_STEP:
        raise FeelFailure(f"The pattern '{compiled.pattern[:100]}' could take too long on {len(text)} characters.")
    run.spend(int(count) // _WAYS_A_STEP)


@lru_cache(maxsize=256)
def _compiled(pattern: str, flags: str) -> re.Pattern[str] | None:
    if len(pattern) > _LONGEST:
        raise FeelFailure(f"The pattern is longer than {_LONGEST} characters.")
    wanted = re.ASCII
    for flag in flags:
        wanted |= _FLAGS.get(flag, re.ASCII)
    notation = translated(pattern)
    try:
        return None if notation is None else re.compile(notation, wanted)
    except (re.error, OverflowError, RecursionError):
        return None


def _expanded(match: re.Match[str], replacement: str) -> str | None:
    if "$" not in replacement and "\\" not in replacement:
        return replacement
    try:
        return _REFERENCE.sub(lambda reference: _put(match, reference), replacement)
    except IndexError:
        return None


def _put(match: re.Match[str], reference: re.Match[str]) -> str:
    if reference[1] is not None:
        return reference[1]
    if reference[4] is not None:
        raise IndexError(reference[4])
    digits = reference[2]
    if digits is None:
        return match[reference[3]] or ""
    count = len(digits)
    while count > 1 and int(digits[:count]) > match.re.groups:
        count -= 1
    return (match[int(digits[:count])] or "") + digits[count:]
