"""A rejected deployment in the engine's own words, with the line of each element it names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml import etree

from zeebe_fleet.workers.contract.errors import EngineRejected
from zeebe_fleet.workers.contract.ports import Resource

FILE = re.compile(r"^'(?P<name>[^']+)':\s*(?P<rest>.*)$")
BROKEN = re.compile(r"URI=\S+ Line=(?P<line>\d+)")
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
    if source is None:
        return line
    if element := ELEMENT.search(line):
        at = line_of(source, element["id"])
        return f"{line} ({name}:{at})" if at else line
    if broken := BROKEN.search(line):
        return f"{line} ({name}:{broken['line']})"
    return line


def line_of(source: bytes, element_id: str) -> int | None:
    """Return the line on which an element of a model is, if it is there."""
    try:
        root = _parsed(source)
    except etree.XMLSyntaxError:
        return None
    for element in root.iter(etree.Element):
        if element.get("id") == element_id and isinstance(element.sourceline, int):
            return element.sourceline
    return None


def _parsed(source: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(source, parser)


def _suggestion(message: str, sources: dict[str, bytes]) -> str:
    if '"value" is null' in message and any(b"compensateEventDefinition" in xml for xml in sources.values()):
        return "Give every compensateEventDefinition an id: without one the engine says only this."
    return "Correct the model and deploy again; nothing of this deployment was taken."
