"""Writes the schema as `schema.graphql`; `--check` only tells whether it is up to date.

python -m zeebe_fleet.graphql_api.export [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

from zeebe_fleet.graphql_api.schema import make_schema

SCHEMA_FILE = Path(__file__).parent / "schema.graphql"


def schema_text() -> str:
    """Return the schema in the definition language."""
    return make_schema().as_str().rstrip() + "\n"


def main(arguments: list[str]) -> int:
    """Write or check the file; 1 when it has drifted."""
    text = schema_text()
    if "--check" not in arguments:
        SCHEMA_FILE.write_text(text, encoding="utf-8")
        return 0
    if SCHEMA_FILE.exists() and SCHEMA_FILE.read_text(encoding="utf-8") == text:
        return 0
    print(
        f"{SCHEMA_FILE.name} has drifted. Run python -m zeebe_fleet.graphql_api.export and commit it.", file=sys.stderr
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
