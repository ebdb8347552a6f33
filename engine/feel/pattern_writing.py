"""Patterns written for RE2, which follows all ways at once and so never goes back.

Python's own reader gives the tree of a pattern; from it the pattern is written anew, every set of characters in full,
so that nothing depends on what RE2 takes `\\s` or `(?i)` for. What RE2 can't do is refused: looking around, and
referring back.

Source: https://github.com/google/re2/wiki/Syntax; https://docs.python.org/3.11/library/re.html
"""

from __future__ import annotations

import re._constants as tree  # type: ignore[import-not-found]
import re._parser as reader  # type: ignore[import-not-found]
from typing import Any

from zeebe_fleet.engine.feel.pattern_classes import FIRST_CODE, Classes, UnfitPattern

#: RE2 takes no repetition of more, those within one another multiplied.
_MOST_TIMES = 1_000
_LONGEST = 50_000
_INSTEAD = "Write out what may stand there, or check it by a condition of its own."
_REFUSED = {
    tree.ASSERT: ("It looks ahead or behind.", _INSTEAD),
    tree.ASSERT_NOT: ("It looks ahead or behind.", _INSTEAD),
    tree.FAILURE: ("It looks ahead or behind.", _INSTEAD),
    tree.GROUPREF: ("It refers back to what a group took.", "Write out what may be repeated there."),
    tree.GROUPREF_EXISTS: ("It asks whether a group took part.", "Write both cases out, with | between them."),
    tree.POSSESSIVE_REPEAT: ("It has a possessive repetition.", "Leave out the + behind it."),
    tree.ATOMIC_GROUP: ("It has an atomic group.", "Write (?:…) for (?>…)."),
}
_TOO_LARGE = UnfitPattern("It unfolds to too much.", "Bound the length by a rule of its own, and repeat fewer times.")
_MARKS = {
    tree.AT_BEGINNING_STRING: r"\A",
    tree.AT_END_STRING: r"\z",
    tree.AT_BOUNDARY: r"\b",
    tree.AT_NON_BOUNDARY: r"\B",
}
_CATEGORIES = {
    tree.CATEGORY_DIGIT: "0-9",
    tree.CATEGORY_NOT_DIGIT: r"\x{0}-\x{2f}\x{3a}-\x{10ffff}",
    tree.CATEGORY_SPACE: r"\x{9}-\x{d}\x{20}",
    tree.CATEGORY_NOT_SPACE: r"\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{10ffff}",
    tree.CATEGORY_WORD: "0-9A-Za-z_",
    tree.CATEGORY_NOT_WORD: r"\x{0}-\x{2f}\x{3a}-\x{40}\x{5b}-\x{5e}\x{60}\x{7b}-\x{10ffff}",
}


class Written:
    """A pattern written for RE2.

    Attributes:
        text: the pattern.
        groups: the numbers of its named groups.
        ends_before_line: whether it has an end that holds before a last line end as well.
        is_lazy: whether something in it takes as little as it can.
        longest: characters that it takes at most; very many where nothing bounds them.
    """

    def __init__(self, notation: str, flags: int, classes: Classes) -> None:
        parsed = reader.parse(notation, flags)
        self.groups: dict[str, int] = dict(parsed.state.groupdict)
        self.ends_before_line = False
        self.is_lazy = False
        self.longest = int(parsed.getwidth()[1])
        self._classes = classes
        self.text, _ = self._sequence(parsed, parsed.state.flags)

    def _sequence(self, nodes: Any, flags: int) -> tuple[str, int]:
        """Write nodes, and say how often what repeats in them repeats."""
        parts, most, length = [], 1, 0
        for operation, argument in nodes:
            text, times = self._node(operation, argument, flags)
            parts.append(text)
            most, length = max(most, times), length + len(text)
            if length > _LONGEST:
                raise _TOO_LARGE
        return "".join(parts), most

    def _node(self, operation: Any, argument: Any, flags: int) -> tuple[str, int]:
        if operation in _REFUSED:
            raise UnfitPattern(*_REFUSED[operation])
        if operation in (tree.MAX_REPEAT, tree.MIN_REPEAT):
            self.is_lazy |= operation is tree.MIN_REPEAT
            return self._repeated(argument, flags, "?" if operation is tree.MIN_REPEAT else "")
        if operation is tree.SUBPATTERN:
            group, added, removed, nodes = argument
            text, times = self._sequence(nodes, (flags | added) & ~removed)
            return ("(" if group is not None else "(?:") + text + ")", times
        if operation is tree.BRANCH:
            ways = [self._sequence(nodes, flags) for nodes in argument[1]]
            return f"(?:{'|'.join(text for text, _ in ways)})", max(times for _, times in ways)
        if operation is tree.AT:
            return self._mark(argument, flags), 1
        if operation is tree.ANY:
            return "(?s:.)" if flags & reader.SRE_FLAG_DOTALL else r"[^\x{a}]", 1
        items = argument if operation is tree.IN else [(tree.LITERAL, argument)]
        return self._set(items, operation is tree.NOT_LITERAL, flags), 1

    def _mark(self, kind: Any, flags: int) -> str:
        if kind not in (tree.AT_BEGINNING, tree.AT_END):
            return _MARKS[kind]
        if flags & reader.SRE_FLAG_MULTILINE:
            return "(?m:^)" if kind is tree.AT_BEGINNING else "(?m:$)"
        self.ends_before_line |= kind is tree.AT_END
        return r"\A" if kind is tree.AT_BEGINNING else r"\z"

    def _repeated(self, argument: Any, flags: int, lazy: str) -> tuple[str, int]:
        low, high, nodes = int(argument[0]), argument[1], argument[2]
        inner, times = self._sequence(nodes, flags)
        body = f"(?:{inner})"
        endless = high is tree.MAXREPEAT
        counted = low if endless else int(high)
        if counted <= 1 or counted * times <= _MOST_TIMES:
            return body + _times(low, None if endless else counted) + lazy, max(times * max(counted, 1), 1)
        return self._unfolded(body, low, None if endless else counted, _MOST_TIMES // times, lazy), _MOST_TIMES

    def _unfolded(self, body: str, low: int, high: int | None, at_once: int, lazy: str) -> str:
        """Write a long repetition as several: RE2 takes them one after the other."""
        pieces = -(-low // at_once) + (1 if high is None else -(-(high - low) // at_once))
        if pieces * (len(body) + 16) > _LONGEST or "(" in body[3:].replace("(?", "").replace(r"\(", ""):
            raise _TOO_LARGE
        exact = [min(at_once, low - done) for done in range(0, low, at_once)]
        rest = [] if high is None else [min(at_once, high - low - done) for done in range(0, high - low, at_once)]
        parts = [f"{body}{{{count}}}{lazy}" for count in exact] + [f"{body}{{0,{count}}}{lazy}" for count in rest]
        return "".join([*parts, *([f"{body}*{lazy}"] if high is None else [])])

    def _set(self, items: Any, inverted: bool, flags: int) -> str:
        inside = []
        for operation, argument in items:
            if operation is tree.NEGATE:
                inverted = True
            elif operation is tree.CATEGORY:
                inside.append(_CATEGORIES[argument])
            else:
                low, high = argument if operation is tree.RANGE else (argument, argument)
                inside.append(self._span(low, high, bool(flags & reader.SRE_FLAG_IGNORECASE)))
        return f"[{'^' * inverted}{''.join(inside)}]"

    def _span(self, low: int, high: int, ignores_case: bool) -> str:
        if low >= FIRST_CODE and low - FIRST_CODE < len(self._classes.insides):
            return self._classes.insides[low - FIRST_CODE]
        spans = [(low, high)]
        if ignores_case:
            for first, last, apart in ((65, 90, 32), (97, 122, -32)):
                if max(low, first) <= min(high, last):
                    spans.append((max(low, first) + apart, min(high, last) + apart))
        return "".join(rf"\x{{{one:x}}}" + (rf"-\x{{{other:x}}}" if other > one else "") for one, other in spans)


def _times(low: int, high: int | None) -> str:
    short = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((low, high))
    return short or (f"{{{low},}}" if high is None else f"{{{low},{high}}}")
