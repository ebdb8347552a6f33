"""The page on versions, from the table that `fleet publish` goes by."""

from __future__ import annotations

from collections.abc import Iterator

from zeebe_fleet.bpmn.tooling.versioning import RULES

_HEAD = """\
# Versions

<!-- Written by `make docs` from bpmn/tooling/versioning/rules.py. Do not edit. -->

`fleet publish` compares a definition with the newest published version of it, finds what changed, and refuses a version
that does not go as far as that. The strictest change decides:

- **major** (1.4.2 → 2.0.0): somebody else has to follow: who starts it, sends its messages, does its jobs, completes
  its activities, or moves running instances to it;
- **minor** (1.4.2 → 1.5.0): something new that nobody has to know of;
- **patch** (1.4.2 → 1.4.3): the rest.

Going further than needed is no fault. Before 1.0.0 nothing was promised: what is major here is minor there, and what is
minor is a patch. A version never goes back, and what is published never changes: the same content under the same
version is fine, other content is refused. `fleet publish --dry-run` shows what changed, and why.

Fields of forms and of an action's data, and variables, are compared by what they take. What cannot be told to take as
much as before, such as another pattern, is taken to take less.
"""


def versioning_page() -> str:
    """Return the page."""
    return "\n".join(_page())


def _page() -> Iterator[str]:
    yield _HEAD
    concerns = ""
    for rule in RULES.values():
        if rule.concerns != concerns:
            concerns = rule.concerns
            yield f"## {concerns}\n" if rule is next(iter(RULES.values())) else f"\n## {concerns}\n"
            yield "| rule | version | when |"
            yield "|---|---|---|"
        yield f"| `{rule.name}` | **{rule.level.word}** | {rule.what} |"
    yield ""
