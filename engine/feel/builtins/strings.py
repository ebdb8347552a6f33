"""String functions; positions and lengths count UTF-16 units.

Source: https://docs.camunda.io/docs/components/modeler/feel/builtin-functions/feel-built-in-functions-string/
"""

from __future__ import annotations

from base64 import b64encode

from zeebe_fleet.engine.feel import patterns
from zeebe_fleet.engine.feel.builtins.signatures import builtin
from zeebe_fleet.engine.feel.limits import FeelFailure, Run
from zeebe_fleet.engine.feel.numbers import Number

#: What Java's `trim` takes off: blanks and control characters.
_TRIMMED = "".join(map(chr, range(33)))
_OUT_OF_RANGE = "The position is out of the string's range."


@builtin("substring", "string: string", "start position: number")
def substring(text: str, start: Number) -> str:
    """Cut a string from a position; negative ones count from the end.

    Raises:
        FeelFailure: The position lies outside the string.
    """
    return _cut(text, int(start), None)


@builtin("substring", "string: string", "start position: number", "length: number")
def substring_of_length(text: str, start: Number, length: Number) -> str:
    """Cut some characters from a position on.

    Raises:
        FeelFailure: The position lies outside the string, or the length is negative.
    """
    return _cut(text, int(start), int(length))


def _cut(text: str, start: int, length: int | None) -> str:
    if not text.isascii() and max(text) > "\uffff":
        return _cut_units(text, start, length)
    first, last = _bounds(len(text), start, length)
    return text[first:last]


def _cut_units(text: str, start: int, length: int | None) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    first, last = _bounds(len(units) // 2, start, length)
    return units[2 * first : 2 * last].decode("utf-16-le", "surrogatepass")


def _bounds(size: int, start: int, length: int | None) -> tuple[int, int]:
    first = start - 1 if start > 0 else size + start
    last = size if length is None else min(first + length, size)
    if not 0 <= first <= last:
        raise FeelFailure(_OUT_OF_RANGE)
    return first, last


@builtin("string length", "string: string")
def string_length(text: str) -> int:
    """Count UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


@builtin("upper case", "string: string")
def upper_case(text: str) -> str:
    """Write a string in capitals."""
    return text.upper()


@builtin("lower case", "string: string")
def lower_case(text: str) -> str:
    """Write a string in small letters."""
    return text.lower()


@builtin("substring before", "string: string", "match: string")
def substring_before(text: str, match: str) -> str:
    """Return what stands before the first match; nothing where there is none."""
    before, found, _ = text.partition(match) if match else ("", "", "")
    return before if found else ""


@builtin("substring after", "string: string", "match: string")
def substring_after(text: str, match: str) -> str:
    """Return what stands behind the first match; nothing where there is none."""
    return text.partition(match)[2] if match else text


@builtin("contains", "string: string", "match: string")
def contains(text: str, match: str) -> bool:
    """Tell whether a string has another within."""
    return match in text


@builtin("starts with", "string: string", "match: string")
def starts_with(text: str, match: str) -> bool:
    """Tell whether a string begins with another."""
    return text.startswith(match)


@builtin("ends with", "string: string", "match: string")
def ends_with(text: str, match: str) -> bool:
    """Tell whether a string ends with another."""
    return text.endswith(match)


@builtin("matches", "input: string", "pattern: string", run=True)
def matches(run: Run, text: str, pattern: str) -> bool | None:
    """Tell whether a pattern is found in a string.

    Raises:
        FeelFailure: The pattern could take too long on this string.
    """
    return patterns.found(run, text, pattern, "")


@builtin("matches", "input: string", "pattern: string", "flags: string", run=True)
def matches_with_flags(run: Run, text: str, pattern: str, flags: str) -> bool | None:
    """Tell whether a pattern is found in a string; flags are `s`, `m`, `i`, `x`.

    Raises:
        FeelFailure: The pattern could take too long on this string.
    """
    return patterns.found(run, text, pattern, flags)


@builtin("replace", "input: string", "pattern: string", "replacement: string", run=True)
def replace(run: Run, text: str, pattern: str, replacement: str) -> str | None:
    """Replace what a pattern finds; `$1` stands for its first group.

    Raises:
        FeelFailure: The pattern could take too long, there is no such group, or the result is too long.
    """
    return patterns.replaced(run, text, pattern, replacement, "")


@builtin("replace", "input: string", "pattern: string", "replacement: string", "flags: string", run=True)
def replace_with_flags(run: Run, text: str, pattern: str, replacement: str, flags: str) -> str | None:
    """Replace what a pattern finds; flags are `s`, `m`, `i`, `x`.

    Raises:
        FeelFailure: The pattern could take too long, there is no such group, or the result is too long.
    """
    return patterns.replaced(run, text, pattern, replacement, flags)


@builtin("split", "string: string", "delimiter: string", run=True)
def split(run: Run, text: str, delimiter: str) -> list[str] | None:
    """Cut a string wherever a pattern is found.

    Raises:
        FeelFailure: The pattern could take too long on this string.
    """
    return patterns.parts(run, text, delimiter)


@builtin("extract", "input: string", "pattern: string", run=True)
def extract(run: Run, text: str, pattern: str) -> list[str] | None:
    """Return all that a pattern finds.

    Raises:
        FeelFailure: The pattern could take too long on this string.
    """
    return patterns.matches_of(run, text, pattern)


@builtin("trim", "string: string")
def trim(text: str) -> str:
    """Take blanks off both ends."""
    return text.strip(_TRIMMED)


@builtin("is blank", "string: string")
def is_blank(text: str) -> bool:
    """Tell whether a string has nothing but blanks."""
    return not text or text.isspace()


@builtin("to base64", "value: string")
def to_base64(text: str) -> str:
    """Encode a string's UTF-8 bytes."""
    return b64encode(text.encode("utf-8", "replace")).decode("ascii")


@builtin("uuid", run=True)
def uuid(run: Run) -> str:
    """Draw an identifier of version 7: of the engine's time, and of the run's seed."""
    random = run.draw().getrandbits(74)
    number = (run.now_ms & (1 << 48) - 1) << 80 | 7 << 76 | random >> 62 << 64 | 2 << 62 | random & (1 << 62) - 1
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
