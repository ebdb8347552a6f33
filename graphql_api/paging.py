"""Relay connections over positions: cursors are opaque, and nothing is counted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Generic, Protocol, TypeVar

import strawberry

from zeebe_fleet.graphql_api.described import described
from zeebe_fleet.workers.contract.api_ports import Page, Slice, Urgency
from zeebe_fleet.workers.contract.refusals import InvalidArgument

MAX_PAGE = 100
DEFAULT_PAGE = 20

Node = TypeVar("Node")


class Positioned(Protocol):
    """A record with a place in the order of creation."""

    @property
    def position(self) -> int:
        """The place."""


P = TypeVar("P", bound=Positioned)

First = Annotated[int, strawberry.argument(description=f"How many, at most {MAX_PAGE}.")]
After = Annotated[str | None, strawberry.argument(description="Cursor of the edge to go on behind.")]


@strawberry.enum(description="In which order a list is read.")
class Order(Enum):
    """Order of creation, from either end."""

    NEWEST_FIRST = "NEWEST_FIRST"
    OLDEST_FIRST = "OLDEST_FIRST"


@strawberry.enum(description="In which order activities are read.")
class ActivityOrder(Enum):
    """Order of creation from either end, by a date with none last, or by priority."""

    NEWEST_FIRST = "NEWEST_FIRST"
    OLDEST_FIRST = "OLDEST_FIRST"
    DUE_FIRST = "DUE_FIRST"
    FOLLOW_UP_FIRST = "FOLLOW_UP_FIRST"
    PRIORITY_FIRST = "PRIORITY_FIRST"


_URGENCIES = {
    ActivityOrder.DUE_FIRST: Urgency.DUE,
    ActivityOrder.FOLLOW_UP_FIRST: Urgency.FOLLOW_UP,
    ActivityOrder.PRIORITY_FIRST: Urgency.PRIORITY,
}


@described
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@described
class Edge(Generic[Node]):
    """A node and its place in the list."""

    cursor: str
    node: Node


@described
class Connection(Generic[Node]):
    """A page of a list."""

    edges: list[Edge[Node]]
    page_info: PageInfo


def page_of(first: int, after: str | None, order: Order | ActivityOrder) -> Page:
    """Read the arguments of a list.

    Raises:
        InvalidArgument: the size is out of bounds, or the cursor was not made here.
    """
    if not 1 <= first <= MAX_PAGE:
        raise InvalidArgument(f"A page has 1 to {MAX_PAGE} entries, not {first}.", "Ask for the next page with after.")
    behind = None if after is None else _position(after)
    urgency = _URGENCIES.get(order) if isinstance(order, ActivityOrder) else None
    return Page(first, behind, order.value == "NEWEST_FIRST", urgency)


def connection(found: Slice[P], page: Page, node: Callable[[P], Node]) -> Connection[Node]:
    """Make a connection of the records of a page."""
    edges = [Edge(cursor=_cursor(one.position), node=node(one)) for one in found.records]
    info = PageInfo(
        has_next_page=found.has_next,
        has_previous_page=page.after is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return Connection(edges=edges, page_info=info)


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode()


def _position(cursor: str) -> int:
    try:
        kind, _, digits = base64.urlsafe_b64decode(cursor.encode()).decode().partition(":")
        if kind == "at" and digits.isascii() and digits.isdigit() and len(digits) < 19:
            return int(digits)
    except (binascii.Error, ValueError):
        pass
    raise InvalidArgument("That cursor is none of ours.", "Take it from pageInfo.endCursor of the page before.")
