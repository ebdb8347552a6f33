"""What a rule's module says of it: what it asks, `Why:`, and `Fix:`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SECTION = re.compile(r"^(Why|Fix|Source): ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule in words.

    Args:
        what: it asks, in a sentence.
        more: what that leaves open.
        why: what happens otherwise.
        fix: how to mend what it finds.
        source: where it is written.
    """

    what: str
    more: str = ""
    why: str = ""
    fix: str = ""
    source: str = ""

    @classmethod
    def read(cls, text: str) -> RuleText:
        """Read a module's docstring."""
        asked, *rest = _SECTION.split(text)
        what, _, more = asked.strip().partition("\n\n")
        sections = {name.lower(): said for name, said in zip(rest[::2], rest[1::2], strict=True)}
        return cls(**{name: " ".join(said.split()) for name, said in {"what": what, "more": more, **sections}.items()})
