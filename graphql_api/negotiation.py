"""Which form an answer takes: what the client accepts, by its own preferences.

Source: RFC 9110, section 12.5.1; https://graphql.github.io/graphql-over-http/draft/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
EVENTS = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a client takes.

    Args:
        qualities: media ranges as they were sent, in lower case, with how much each is wanted: 0 to 1.
    """

    qualities: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, header: str) -> Self:
        """Read an Accept header; one that says nothing takes anything."""
        ranges = [_range(one) for one in header.split(",") if one.strip()]
        return cls(tuple(ranges) or (("*/*", 1.0),))

    def quality(self, media: str, *, named: bool = False) -> float:
        """Return how much a media type is wanted: the range that names it best tells.

        Args:
            named: only by its name or its family's, not as one of all there are.
        """
        qualities = dict(self.qualities)
        for found in (media, f"{media.partition('/')[0]}/*", *(() if named else ("*/*",))):
            if found in qualities:
                return qualities[found]
        return 0.0

    def answer(self) -> str:
        """Return the media type of an answer that comes at once; empty when the client takes none of ours.

        Events are for those alone who take nothing else: most clients that name them do so for what streams.
        """
        plain = self.quality(JSON)
        if (graphql := self.quality(GRAPHQL, named=True)) and dict(self.qualities).get(GRAPHQL) and graphql >= plain:
            return GRAPHQL
        if plain:
            return JSON
        return GRAPHQL if graphql else self.stream()

    def stream(self) -> str:
        """Return the media type of what streams; empty when the client does not ask for it by name."""
        return EVENTS if self.quality(EVENTS, named=True) else ""


def _range(text: str) -> tuple[str, float]:
    media, *parameters = (one.strip().lower() for one in text.split(";"))
    weights = [one[2:].strip() for one in parameters if one.startswith("q=")]
    return media, _weight(weights[0]) if weights else 1.0


def _weight(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
