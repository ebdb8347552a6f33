"""An element of a BPMN file as it is written, light enough to be walked many times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"


@dataclass(slots=True, eq=False)
class Node:
    """One XML element.

    Args:
        tag: local name of BPMN's own, `zeebe:name` of its extensions whatever the prefix, `{uri}name` of all others.
        written: the name with the prefix that the file uses.
        attributes: those without a prefix.
        line: where its start tag begins.
        texts: the pieces of text right inside it.
        model: it belongs to what BPMN's schema describes, so its `id` is one of the file's.
    """

    tag: str
    written: str
    attributes: dict[str, str]
    line: int
    parent: Node | None = field(default=None, repr=False)
    children: list[Node] = field(default_factory=list, repr=False)
    texts: list[str] = field(default_factory=list, repr=False)
    model: bool = True

    @property
    def id(self) -> str:
        """Its id, empty when it has none."""
        return self.attributes.get("id", "")

    @property
    def path(self) -> str:
        """How the engine names it: by its id, or from the nearest element on that has one."""
        if self.id or self.parent is None:
            return self.id or self.local
        return f"{self.parent.path} > {self.local}"

    @property
    def text(self) -> str:
        """All text right inside it, as it stands."""
        return "".join(self.texts)

    @property
    def local(self) -> str:
        """Its name without any prefix."""
        return self.tag.rpartition("}")[2].rpartition(":")[2]

    def get(self, name: str) -> str:
        """Return an attribute, empty when it is not there."""
        return self.attributes.get(name, "")

    def ref(self, name: str) -> str:
        """Return the id that an attribute refers to, without the prefix that a reference may have."""
        return self.get(name).strip().rpartition(":")[2]

    def says(self, name: str, *, default: bool = False) -> bool:
        """Return an attribute that is true or false."""
        value = self.attributes.get(name)
        return default if value is None else value.strip() in {"true", "1"}

    def all(self, *tags: str) -> list[Node]:
        """Return the children of these names."""
        return [child for child in self.children if child.tag in tags]

    def first(self, tag: str) -> Node | None:
        """Return the first child of a name."""
        return next((child for child in self.children if child.tag == tag), None)

    def extensions(self, name: str) -> list[Node]:
        """Return what stands in its `extensionElements` under a Zeebe name."""
        held = self.first("extensionElements")
        return [] if held is None else held.all(f"zeebe:{name}")

    def extension(self, name: str) -> Node | None:
        """Return the first of `extensions`."""
        return next(iter(self.extensions(name)), None)

    def walk(self) -> Iterator[Node]:
        """Go through it and all that is inside it, in the file's order."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))
