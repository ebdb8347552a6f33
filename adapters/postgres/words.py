"""The first words of what an action sends: a second wall before the one in PostgreSQL, with an earlier answer.

The driver's protocol takes one statement at a time, so its first word says what it is. What goes past this, a function
or the driver's own connection, meets the same refusal on the server.
"""

from __future__ import annotations

import re
from functools import lru_cache

from zeebe_fleet.workers.contract.errors import PermanentError

_SENT = re.compile(
    r"[\s(]*(?:(?:select|insert|update|delete|merge|with|values|table|call|explain|show|lock|savepoint|release)\b"
    r"|rollback\s+to\b|set\s+constraints\b|set\s+local\s+(?!(?:role|session|search_path|synchronous_commit)\b)[a-z_]+\s*(?:=|to\b))",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"(?:re)?set\s+(?:(?:local|session)\s+)?(?:role|authorization|session|all|search_path|fleet)\b|discard\b",
    re.IGNORECASE,
)
_CONFIG = re.compile(r"\bset_config\s*\(\s*'(?:role|session_authorization|fleet\.)", re.IGNORECASE)
_WORD = re.compile(r"\W*(\w+)")
_KEPT = 2048
_LOOKED_AT = 80
"""Letters of a statement that tell what it is."""
_OF_THE_FLEET = (
    "The action changes the role that its transaction runs under, or what goes with it.",
    "Leave the role to the fleet.",
)


def check_words(statement: str) -> None:
    """Refuse what is not a query, a change of rows or a call.

    Raises:
        PermanentError: with what to do instead.
    """
    refused = _refused(statement.lstrip()[:_LOOKED_AT])
    if refused is None and "set_config" in statement and _CONFIG.search(statement):
        refused = _OF_THE_FLEET
    if refused is not None:
        raise PermanentError(*refused)


@lru_cache(_KEPT)
def _refused(statement: str) -> tuple[str, str] | None:
    if _ROLE.match(statement):
        return _OF_THE_FLEET
    if _SENT.match(statement):
        return None
    if statement.startswith(("--", "/*")):
        return ("The action sends a statement that begins with a comment.", "Put comments behind its first word.")
    word = _WORD.match(statement)
    return (
        f"The action sends {word.group(1).upper() if word else 'nothing'}, which is none of its statements.",
        "It reads and writes rows, and calls procedures: leave COMMIT and ROLLBACK to the fleet, for a part that may "
        "fail use begin_nested(), and put what makes or changes tables into a migration.",
    )
