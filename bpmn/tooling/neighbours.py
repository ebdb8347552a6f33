"""The packages of a folder, as far as processes meet: what they call, and the errors that they let go.

Each package is read once, however many others ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from zeebe_fleet.bpmn.tooling import document as xml
from zeebe_fleet.bpmn.tooling.document import Element, is_expression
from zeebe_fleet.bpmn.tooling.flow_graph import FlowGraph
from zeebe_fleet.bpmn.tooling.graph import components
from zeebe_fleet.bpmn.tooling.package import MANIFEST, load_package, model_of, package_folders
from zeebe_fleet.bpmn.tooling.raising import caught_around, is_caught, raised_by
from zeebe_fleet.bpmn.tooling.subject import Subject
from zeebe_fleet.workers.contract.errors import DefinitionError

_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Call:
    """A call activity.

    Args:
        element_id: of the activity.
        process: that it calls, by id.
        caught: codes that are caught at it or around it.
        always: every instance comes to it.
    """

    element_id: str
    process: str
    caught: frozenset[str]
    always: bool


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A process of the folder: what it calls, and the errors of its own that it lets go."""

    name: str
    calls: tuple[Call, ...]
    escaping: frozenset[str]


class Neighbours:
    """The processes of a folder.

    Args:
        found: what could be read of it.
        is_whole: all of it could.
    """

    def __init__(self, found: Mapping[str, Neighbour], *, is_whole: bool) -> None:
        self._found = found
        self.is_whole = is_whole
        self._known: dict[tuple[str, bool], set[str]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._found

    @cached_property
    def called(self) -> frozenset[str]:
        """The processes that another one calls."""
        return frozenset(call.process for one in self._found.values() for call in one.calls if call.process != one.name)

    @cached_property
    def escaping(self) -> Mapping[str, frozenset[str]]:
        """The codes that each process lets go, those of the processes it calls included."""
        found = {name: one.escaping for name, one in self._found.items()}
        for group in components(self._found, self._following):
            changed = True
            while changed:  # what calls one another passes errors on until no more come
                changed = False
                for name in group:
                    codes = found[name].union(self._passed_on(name, found))
                    changed |= codes != found[name]
                    found[name] = codes
        return found

    def _passed_on(self, name: str, found: Mapping[str, frozenset[str]]) -> Iterator[str]:
        for call in self._found[name].calls:
            yield from (code for code in found.get(call.process, ()) if not is_caught(code, call.caught))

    def _following(self, name: str) -> list[str]:
        return [call.process for call in self._found[name].calls if call.process in self._found]

    def comes_back(self, name: str, process: str) -> bool:
        """Tell whether what a process calls may lead back to it."""
        return name in self._led_to(process, always=False)

    def is_endless(self, name: str, element_id: str) -> bool:
        """Tell whether a call activity leads back to its own process by calls that every instance makes."""
        call = self._calls.get((name, element_id))
        return call is not None and call.always and name in self._led_to(call.process, always=True)

    @cached_property
    def _calls(self) -> Mapping[tuple[str, str], Call]:
        return {(name, call.element_id): call for name, one in self._found.items() for call in one.calls}

    def _led_to(self, process: str, *, always: bool) -> set[str]:
        """Return what comes of calling a process, itself included."""
        key = (process, always)
        if key not in self._known:
            ahead, self._known[key] = [process], {process}
            while ahead:
                here = ahead.pop()
                for call in self._found[here].calls if here in self._found else ():
                    if call.process not in self._known[key] and (call.always or not always):
                        self._known[key].add(call.process)
                        ahead.append(call.process)
        return self._known[key]


@lru_cache(1)
def neighbours_of(subject: Subject) -> Neighbours | None:
    """Return the processes of the folder that a package stands in; None where it stands in none."""
    folder = subject.package.folder.resolve()
    if not (folder / MANIFEST).is_file() or not model_of(folder).is_file():
        return None
    stamps = tuple((one, _stamp(one)) for one in package_folders(folder.parent))
    return _read_all(stamps)


Stamp = tuple[int, int, int, int]


def _stamp(folder: Path) -> Stamp:
    """Return when model and manifest were written, and how long they are."""
    try:
        manifest, model = (folder / MANIFEST).stat(), model_of(folder).stat()
    except OSError:
        return 0, 0, 0, 0
    return manifest.st_mtime_ns, manifest.st_size, model.st_mtime_ns, model.st_size


@lru_cache(8)
def _read_all(stamps: tuple[tuple[Path, Stamp], ...]) -> Neighbours:
    found = [_read(folder, stamp) for folder, stamp in stamps]
    return Neighbours({one.name: one for one in found if one is not None}, is_whole=None not in found)


@lru_cache(_KEPT)
def _read(folder: Path, _: Stamp) -> Neighbour | None:
    try:
        return _neighbour(Subject(load_package(folder)))
    except DefinitionError:
        return None


def _neighbour(subject: Subject) -> Neighbour:
    escaping: set[str] = set()
    for node in subject.nodes:
        codes = list(raised_by(subject, node))
        caught = caught_around(subject, node) if codes else set()
        escaping |= {code for code in codes if not is_caught(code, caught)}
    return Neighbour(subject.manifest.name, tuple(_calls(subject)), frozenset(escaping))


def _calls(subject: Subject) -> Iterator[Call]:
    calls = list(called_in(subject))
    always = FlowGraph(subject.process).always if calls else frozenset()
    for node, process in calls:
        element_id = node.get("id", "")
        yield Call(element_id, process, frozenset(caught_around(subject, node)), element_id in always)


def called_in(subject: Subject) -> Iterator[tuple[Element, str]]:
    """Yield the call activities of a process with what they call, where that is not computed."""
    for node in subject.of_kind("callActivity"):
        for called in xml.extension(node, "calledElement"):
            process = called.get("processId", "").strip()
            if process and not is_expression(process):
                yield node, process
