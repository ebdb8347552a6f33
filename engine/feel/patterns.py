"""Regular expressions in Java's notation, matched in time linear in the text.

What can't be matched so, looking around and referring back, is a failure of the expression, never null: Java would
find something. A search costs steps by the length of the text and the size of the pattern; finding all there is costs
more where a match is certain only far behind its end, as with `a*b|a`.

Source: https://docs.camunda.io/docs/components/modeler/feel/builtin-functions/feel-built-in-functions-string/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from zeebe_fleet.engine.feel.limits import MAX_STEPS, MAX_STRING_CHARACTERS, FeelFailure, Run
from zeebe_fleet.engine.feel.linear import LinearPattern, Spans, Subject, check_length
from zeebe_fleet.engine.feel.pattern_classes import Classes, PatternError, UnfitPattern
from zeebe_fleet.engine.feel.pattern_cost import ways
from zeebe_fleet.engine.feel.pattern_notation import translated

_FLAGS = {"s": re.DOTALL, "m": re.MULTILINE, "i": re.IGNORECASE, "x": re.VERBOSE}
#: Ways that are tried in about the time of one step.
_WAYS_A_STEP = 100
#: Instructions times bytes that are gone through in about the time of one step.
_WORK_A_STEP = 400
_REFERENCE = re.compile(r"\\(.)|\$(\d+)|\$\{(\w+)\}|([\\$])", re.DOTALL)


class _Pattern:
    """A pattern, and what finding it may cost."""

    def __init__(self, notation: str, flags: int, classes: Classes) -> None:
        self.linear = LinearPattern(notation, flags, classes)
        self._notation = notation
        self._flags = flags

    def first(self, run: Run, text: str) -> Spans | None:
        subject = Subject(text)
        run.spend(self.linear.work(subject) // _WORK_A_STEP)
        return self.linear.search(subject)

    def all(self, run: Run, subject: Subject) -> Iterator[Spans]:
        """Find all there is; each search begins where the last one ended."""
        size = len(subject.content)
        run.spend(self.linear.work(subject) // _WORK_A_STEP)
        count = ways(self._notation, self._flags, size)
        looks_far = count > MAX_STEPS * _WAYS_A_STEP
        run.spend(0 if looks_far else int(count) // _WAYS_A_STEP)
        place = 0
        while place <= size:
            run.spend(1 + (self.linear.work(subject, place) // _WORK_A_STEP if looks_far else 0))
            spans = self.linear.search(subject, place)
            if spans is None:
                return
            yield spans
            begin, place = spans[0]
            if begin == place:
                place = subject.after(place)


def problem_of(pattern: str, flags: str = "") -> UnfitPattern | None:
    """Say why a pattern can't be matched here; None for one that can, and for one that is none."""
    try:
        _read(pattern, flags)
    except UnfitPattern as error:
        return error
    return None


def found(run: Run, text: str, pattern: str, flags: str) -> bool | None:
    """Tell whether a pattern is found; null if it is none."""
    compiled = _compiled(pattern, flags)
    return None if compiled is None else compiled.first(run, text) is not None


def replaced(run: Run, text: str, pattern: str, replacement: str, flags: str) -> str | None:
    """Replace what a pattern finds; null if it is none, or if the replacement names a group that it has not."""
    compiled = _compiled(pattern, flags)
    if compiled is None:
        return None
    subject = Subject(text)
    parts: list[str] = []
    size = position = 0
    for spans in compiled.all(run, subject):
        expanded = _expanded(subject, spans, compiled.linear.groups, replacement)
        if expanded is None:
            return None
        parts += subject.part(position, spans[0][0]), expanded
        position = spans[0][1]
        size += len(parts[-2]) + len(parts[-1])
        if size > MAX_STRING_CHARACTERS:
            raise FeelFailure(f"The string is longer than {MAX_STRING_CHARACTERS} characters.")
    parts.append(subject.part(position, len(subject.content)))
    return "".join(parts)


def parts(run: Run, text: str, pattern: str) -> list[str] | None:
    """Cut a text wherever a pattern is found; null if it is none."""
    compiled = _compiled(pattern, "")
    if compiled is None:
        return None
    subject = Subject(text)
    cut, position = [], 0
    for (begin, end), *_ in compiled.all(run, subject):
        if end == 0:
            continue
        cut.append(subject.part(position, begin))
        position = end
    return [*cut, subject.part(position, len(subject.content))]


def matches_of(run: Run, text: str, pattern: str) -> list[str] | None:
    """Return all that a pattern finds; null if it is none."""
    compiled = _compiled(pattern, "")
    if compiled is None:
        return None
    subject = Subject(text)
    return [subject.part(*spans[0]) for spans in compiled.all(run, subject)]


def _compiled(pattern: str, flags: str) -> _Pattern | None:
    try:
        return _read(pattern, flags)
    except UnfitPattern as error:
        raise FeelFailure(f"The pattern '{pattern[:100]}' can't be matched. {error} {error.suggestion}") from None


@lru_cache(maxsize=64)
def _read(pattern: str, flags: str) -> _Pattern | None:
    check_length(pattern)
    wanted = re.ASCII
    for flag in flags:
        wanted |= _FLAGS.get(flag, re.ASCII)
    classes = Classes()
    notation = translated(pattern, classes)
    try:
        return None if notation is None else _Pattern(notation, int(wanted), classes)
    except UnfitPattern:
        raise
    except PatternError:
        return None


def _expanded(subject: Subject, spans: Spans, groups: dict[str, int], replacement: str) -> str | None:
    if "$" not in replacement and "\\" not in replacement:
        return replacement
    try:
        return _REFERENCE.sub(lambda reference: _put(subject, spans, groups, reference), replacement)
    except LookupError:
        return None


def _put(subject: Subject, spans: Spans, groups: dict[str, int], reference: re.Match[str]) -> str:
    if reference[1] is not None:
        return reference[1]
    if reference[4] is not None:
        raise IndexError(reference[4])
    digits = reference[2]
    if digits is None:
        return _group(subject, spans[groups[reference[3]]])
    count = min(len(digits), 4)
    while count > 1 and int(digits[:count]) >= len(spans):
        count -= 1
    return _group(subject, spans[int(digits[:count])]) + digits[count:]


def _group(subject: Subject, span: tuple[int, int]) -> str:
    return "" if span[0] < 0 else subject.part(*span)
