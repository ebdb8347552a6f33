"""Nothing in the package looks like a credential.

Why: Models, manifests and forms are deployed, kept for ever, and shown to whoever may see the process.
Fix: Keep it in `FLEET_SECRETS__…` and ask for it by `ctx.secret`; then change it, for others have read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from lxml import etree

from zeebe_fleet.bpmn.tooling.finding import Finding
from zeebe_fleet.bpmn.tooling.package import MANIFEST
from zeebe_fleet.bpmn.tooling.rule import rule
from zeebe_fleet.bpmn.tooling.subject import Subject

_SHAPES = re.compile(
    r"""
    -----BEGIN\ [A-Z\ ]*PRIVATE\ KEY-----
    | \b(AKIA|ASIA)[0-9A-Z]{16}\b                                  # AWS
    | \b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{18,})
    | \bxox[abeprs]-[\w-]{10,} | \b[rs]k_live_\w{16,} | \bAIza[\w-]{35}
    | \beyJ[\w-]{8,300}\.eyJ[\w-]{8,2000}\.[\w-]{16,}                      # a JSON Web Token
    | \b(Bearer|Basic)\ [A-Za-z0-9+/._~-]{16,}
    | \b[a-z][a-z0-9+.-]{1,20}://[^\s/@:"'<>]{1,100}:[^\s/@"'<>{]{3,200}@             # a password in an address
    """,
    re.VERBOSE,
)
_CALLED = re.compile(
    r"(^|[_.\s-])(pass(word|wd|phrase)?|secret|token|credential|(api|access|private|secret)[_\s-]?key)s?$",
    re.IGNORECASE,
)
_REFERS = re.compile(r"(^id|Ref|^default|Element)$")
"""Attributes whose values modelers make up."""
_WORDS = re.compile(r"[A-Za-z]+([_.-][A-Za-z0-9]+)*")
_NAME = re.compile(r"[\w. -]+")
_SHORTEST = 8
_LONGEST_NAME = 100
_LONGEST = 500
"""Characters of a line that is read as a name and its value."""
_MOST_BYTES = 1_048_576
_ELSEWHERE = "Keep it in FLEET_SECRETS__… and ask for it by ctx.secret; then change it, for it was read by others."


@rule(severity="error")
def secrets_lie_elsewhere(subject: Subject) -> Iterator[Finding]:
    for element in subject.document.root.iter(etree.Element):
        if _is_told(element):
            yield subject.wrong(subject.owner(element), "It holds what looks like a secret.", _ELSEWHERE)
    folder = subject.package.folder
    for file in (folder / MANIFEST, *sorted([*folder.glob("*.form"), *folder.glob("*.dmn")])):
        yield from (
            Finding(str(file), "", number, "", "It holds what looks like a secret.", _ELSEWHERE)
            for number, line in enumerate(_lines(file), 1)
            if _SHAPES.search(line) or _is_named(line)
        )


def _is_told(element: etree._Element) -> bool:
    texts = [str(value) for name, value in element.attrib.items() if not _REFERS.search(str(name))]
    texts.append(element.text or "")
    return any(map(_SHAPES.search, texts)) or any(
        _is_called_so(name) and _is_random(value)
        for one, two in pairwise(texts)
        for name, value in ((one, two), (two, one))
    )


def _is_named(line: str) -> bool:
    """Tell whether a line of YAML or JSON gives a value to what is called a secret."""
    if len(line) > _LONGEST:
        return False
    before, _, value = line.partition(":")
    name = before.lstrip(" \t,{#-").rstrip().strip("\"'")
    return _NAME.fullmatch(name) is not None and _is_called_so(name) and _is_random(value.strip(" \t,}"))


def _is_called_so(name: str) -> bool:
    words = re.sub("(?<=[a-z])(?=[A-Z])", "_", name[-_LONGEST:]).lower()
    return _CALLED.search(words[-_LONGEST_NAME:]) is not None


def _is_random(value: str) -> bool:
    """Tell whether a value is a literal that nobody would take for words or for the name of something."""
    literal = value.strip().removeprefix("=").strip().strip("\"'")
    mixed = any(map(str.isdigit, literal)) and any(map(str.isalpha, literal))
    return mixed and len(literal) >= _SHORTEST and not set(literal) & set(" ()<>{}[]") and not _is_a_name(literal)


def _is_a_name(literal: str) -> bool:
    parts = re.split("[_.-]", literal)
    return len(parts) > 1 and _WORDS.fullmatch(literal) is not None and all(len(part) < 12 for part in parts)


def _lines(file: Path) -> list[str]:
    """Read a file as far as it may be long; one that is longer is refused, or was never read."""
    if not file.is_file():
        return []
    with file.open("rb") as opened:
        return opened.read(_MOST_BYTES).decode("utf-8", "replace").splitlines()
