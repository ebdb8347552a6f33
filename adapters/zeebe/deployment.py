"""A rejected deployment in the engine's own words, with the line of each element it names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from lxml import etree

from zeebe_fleet.workers.contract.errors import EngineRejected
from zeebe_fleet.workers.contract.ports import Resource

FILE = re.compile(r"^'(?P<name>[^']+)':\s*(?P<rest>.*)$")
BROKEN = re.compile(r"URI=\S+ Line=(?P<line>\d+)")
DANGLING = re.compile(r"IDREF '(?P<id>[^']+)'")
ELEMENT = re.compile(r"- Element: (?P<id>[^\s>]+)")


def explain(rejection: EngineRejected, resources: Sequence[Resource]) -> EngineRejected:
    """Return the rejection with `file:line` where the engine names a file or an element."""
    sources = {resource.name: resource.content for resource in resources}
    name = resources[0].name if len(resources) == 1 else ""
    lines = []
    for line in rejection.message.splitlines():
        if (named := FILE.match(line.strip())) and named["name"] in sources:
            name = named["name"]
        lines.append(_located(line, name, sources.get(name)))
    return EngineRejected("\n".join(lines), _suggestion(rejection.message, sources))


def _located(line: str, name: str, source: bytes | None) -> str:
    at = None if source is None else _place(line, source)
    return line if at is None else f"{line} ({name}:{at})"


def _place(line: str, source: bytes) -> int | None:
    if element := ELEMENT.search(line):
        return _line_of(source, lambda node: node.get("id") == element["id"])
    if dangling := DANGLING.search(line):
        # The engine's own line is where the document ends.
        return _line_of(source, lambda node: dangling["id"] in (node.text, *node.attrib.values()))
    broken = BROKEN.search(line)
    return int(broken["line"]) if broken else None


def _line_of(source: bytes, is_meant: Callable[[etree._Element], bool]) -> int | None:
    try:
        nodes = _parsed(source).iter(etree.Element)
    except etree.XMLSyntaxError:
        return None
    for node in nodes:
        if is_meant(node) and isinstance(node.sourceline, int):
            return node.sourceline
    return None


def _parsed(source: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(source, parser)


def _suggestion(message: str, sources: dict[str, bytes]) -> str:
    if '"value" is null' in message and any(b"compensateEventDefinition" in xml for xml in sources.values()):
        return "Give every compensateEventDefinition an id: without one the engine says only this."
    return "Correct the model and deploy again; nothing of this deployment was taken."
