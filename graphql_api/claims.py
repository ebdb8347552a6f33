"""What a provider's claims mean here: who somebody is, their groups in whatever shape, and the roles of these.

Source: https://openid.net/specs/openid-connect-core-1_0.html#Claims;
https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference (groups overage)
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zeebe_fleet.graphql_api.settings import OidcSettings
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.principal import ADMIN_ROLE, OPERATOR_ROLE, RESERVED, Principal

_NAMES = ("name", "displayName", "display", "value", "id")
"""Where a group that is an object says what it is called; in the order in which people would."""
_SUBJECT_CHARACTERS = 255
_CLAIM_SETTING = "FLEET_API__OIDC__GROUPS_CLAIM"


@dataclass(frozen=True, slots=True)
class Reading:
    """Whom claims name, and why that is so.

    Args:
        why: one sentence each, in the order in which one would ask.
    """

    principal: Principal
    why: tuple[str, ...]


def read_claims(claims: Mapping[str, Any], oidc: OidcSettings) -> Reading:
    """Make a principal of claims.

    Raises:
        FleetError: they name nobody, or hold groups that cannot be read, or too many for the provider to send.
    """
    subject = claim_at(claims, oidc.subject_claim)
    if not isinstance(subject, str) or not subject:
        raise FleetError(
            f"The provider does not say who you are: there is no claim {oidc.subject_claim!r}.",
            "Have it added to the ID token, or set FLEET_API__OIDC__SUBJECT_CLAIM.",
        )
    _check_subject(subject, oidc)
    why = [f"{oidc.subject_claim!r} says {subject!r}: who this is."]
    groups = _groups(claims, oidc, why)
    roles = frozenset(
        role
        for role, setting, holders in (
            (OPERATOR_ROLE, "OPERATOR_GROUPS", oidc.operator_groups),
            (ADMIN_ROLE, "ADMIN_GROUPS", oidc.admin_groups),
        )
        if _holds(role, setting, groups, holders, why)
    )
    return Reading(Principal(subject, groups, roles, oidc.issuer), tuple(why))


def _check_subject(subject: str, oidc: OidcSettings) -> None:
    """See to it that a name can be kept and told from others, and is not the fleet's own."""
    if not subject.isprintable() or subject != subject.strip() or len(subject) > _SUBJECT_CHARACTERS:
        raise FleetError(
            f"The claim {oidc.subject_claim!r} is no name: blank at an end, too long, or with control characters.",
            "Have the provider send another one, or set FLEET_API__OIDC__SUBJECT_CLAIM.",
        )
    if unicodedata.normalize("NFKC", subject).casefold() in RESERVED:
        raise FleetError(
            f"{subject!r} is a name of the fleet's own.",
            "Have another name given, or set FLEET_API__OIDC__SUBJECT_CLAIM.",
        )


def has_groups(claims: Mapping[str, Any], oidc: OidcSettings) -> bool:
    """Tell whether claims say anything of groups."""
    return claim_at(claims, oidc.groups_claim) is not None


def claim_at(claims: Any, path: str) -> Any:
    """Return a claim by its name or by its path: `groups`, `realm_access.roles`, `https://example.com/groups`.

    A name may hold dots itself; the longest name that is there counts.
    """
    if not isinstance(claims, Mapping):
        return None
    if path in claims:
        return claims[path]
    at = path.rfind(".")
    while at > 0:
        within = claim_at(claims.get(path[:at]), path[at + 1 :])
        if within is not None:
            return within
        at = path.rfind(".", 0, at)
    return None


def group_names(said: Any) -> frozenset[str]:
    """Read names of groups: a list, a text with commas or of JSON, an object by its keys, a list of objects.

    Keycloak's slash before a group's name is none of the name.

    Raises:
        FleetError: it is something else.
    """
    return frozenset(name for name in (one.strip().removeprefix("/") for one in _names(said)) if name)


def _names(said: Any) -> Iterator[str]:
    match said:
        case None:
            return
        case str():
            yield from _in_text(said)
        case Mapping():
            # roles by organisation, as some send them: the keys are the names; what is false is not held
            yield from (str(name) for name, held in said.items() if held is not False and held is not None)
        case list() | tuple():
            for one in said:
                yield from [one] if isinstance(one, str) else [_called(one)]
        case _:
            raise _unreadable(said)


def _in_text(text: str) -> Iterator[str]:
    if text.lstrip().startswith(("[", "{")):
        try:
            yield from _names(json.loads(text))
        except ValueError:
            raise _unreadable(text) from None
    elif "=" in text:  # a distinguished name has commas of its own
        yield text
    else:
        yield from text.split(",")


def _called(group: Any) -> str:
    if isinstance(group, Mapping):
        for name in _NAMES:
            if isinstance(group.get(name), str):
                return str(group[name])
    raise _unreadable(group)


def _unreadable(said: Any) -> FleetError:
    return FleetError(
        f"The claim of groups holds {type(said).__name__}, which names none.",
        f"Have the provider send names, or set {_CLAIM_SETTING} to the claim that has them.",
    )


def _groups(claims: Mapping[str, Any], oidc: OidcSettings, why: list[str]) -> frozenset[str]:
    claim = oidc.groups_claim
    said = claim_at(claims, claim)
    if said is None:
        if _is_overage(claims):
            raise FleetError(
                "You are in more groups than the provider sends (an overage, as Entra calls it).",
                "Have it send only groups assigned to the application, or application roles: "
                f"then {_CLAIM_SETTING} is roles.",
            )
        there = ", ".join(sorted(claims))
        why.append(f"There is no claim {claim!r}, so no groups; there are {there}. {_CLAIM_SETTING} names another.")
        return frozenset()
    groups = group_names(said)
    why.append(f"{claim!r} says {', '.join(sorted(groups)) or 'no groups'}.")
    return groups


def _is_overage(claims: Mapping[str, Any]) -> bool:
    elsewhere = claims.get("_claim_names")
    return bool(claims.get("hasgroups")) or (isinstance(elsewhere, Mapping) and "groups" in elsewhere)


def _holds(role: str, setting: str, groups: frozenset[str], holders: frozenset[str], why: list[str]) -> bool:
    name = f"FLEET_API__OIDC__{setting}"
    held = groups & {one.strip().removeprefix("/") for one in holders}
    if held:
        why.append(f"The role {role}, by {', '.join(sorted(held))} in {name}.")
    else:
        why.append(f"Not the role {role}: {name} is {', '.join(sorted(holders)) or 'empty'}.")
    return bool(held)
