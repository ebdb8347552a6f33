"""`publishers.yaml`: whose signature counts, and for which definitions.

publishers:
  - name: ci                       # what pages and records say
    key: "ed25519:…"               # as `fleet keys new` prints it
    may_publish: ["expense_*"]     # names; * stands for any letters
  - name: ada
    key: "ed25519:…"
    may_publish: ["*"]
    retired: true                  # what it signed still counts; it publishes no more
  - name: mallory
    key: "ed25519:…"
    revoked: its laptop was stolen # nothing it signed counts
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from zeebe_fleet.bpmn.tooling.yaml_text import Bounds, place_of, yaml_of
from zeebe_fleet.workers.contract.bounded import content_of
from zeebe_fleet.workers.contract.errors import DefinitionError

_TOLD = 10
_BOUNDS = Bounds(aliases=0)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Publisher(_Part):
    """Somebody with a key."""

    name: str = Field(min_length=1, max_length=200)
    key: str
    may_publish: tuple[str, ...] = ()
    """Names of definitions; `*` stands for any letters."""
    retired: bool = False
    """What it signed counts; it signs no more."""
    revoked: str = ""
    """Why nothing that it signed counts."""

    def may_publish_name(self, name: str) -> bool:
        """Tell whether a definition of that name is theirs to publish."""
        return any(_pattern(one).fullmatch(name) for one in self.may_publish)


class _Publishers(_Part):
    publishers: tuple[Publisher, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _keys_of_their_own(self) -> Self:
        keys = [one.key.strip() for one in self.publishers]
        if twice := next((key for key in keys if keys.count(key) > 1), ""):
            raise ValueError(f"{twice[:24]}… is the key of two publishers")
        return self


@dataclass(frozen=True)
class Policy:
    """Whose signature counts."""

    publishers: Mapping[str, Publisher]
    """By the id of their key."""
    file: str
    """Where it says so."""

    def by_key(self, keyid: str) -> Publisher | None:
        """Return whose key it is."""
        return self.publishers.get(keyid)


def read_policy(file: Path) -> Policy:
    """Read who may publish.

    Raises:
        DefinitionError: it cannot be read, is none, or holds a key that is none.
    """
    content = content_of(file, _BOUNDS.most_bytes, "It says who may publish what; fleet keys new prints its lines.")
    return policy_of(content, str(file))


def policy_of(content: bytes, file: str) -> Policy:
    """Read a policy's text.

    Raises:
        DefinitionError: it is none, with the field and the reason.
    """
    from zeebe_fleet.bpmn.tooling.artifact.signing import keyid, public_key

    try:
        read = _Publishers.model_validate(yaml_of(content, file, _BOUNDS))
    except ValidationError as error:
        told = error.errors(include_input=False, include_url=False, include_context=False)[:_TOLD]
        wrong = "; ".join(f"{place_of(e['loc']) or 'policy'}: {e['msg'][:300]}" for e in told)
        raise DefinitionError(f"{file}: {wrong}.", "See docs/how-to/publish.md for what it holds.") from None
    try:
        return Policy({keyid(public_key(one.key)): one for one in read.publishers}, file)
    except DefinitionError as error:
        raise DefinitionError(f"{file}: {error.message}", error.suggestion) from None


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
