"""Write what is generated in the documents, or check that it is what would be written.

python -m docs.generate [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from docs.generate.cases import cases_page
from docs.generate.cli import cli_page
from docs.generate.diagrams import drawings
from docs.generate.engine import engine_page
from docs.generate.graphql import graphql_page
from docs.generate.lint import lint_page
from docs.generate.manifest import manifest_page
from docs.generate.schemas import case_schema, manifest_schema, scenarios_schema
from docs.generate.settings import settings_page
from docs.generate.tasks import tasks_page
from docs.generate.versioning import versioning_page

DOCS = Path(__file__).parents[1]
SCHEMAS = DOCS.parent / "bpmn/schemas"


def generated() -> Iterator[tuple[Path, str]]:
    """Yield each file and what belongs into it."""
    yield DOCS / "reference/cli.md", cli_page()
    yield DOCS / "reference/engine.md", engine_page()
    yield DOCS / "reference/settings.md", settings_page()
    yield DOCS / "reference/graphql.md", graphql_page()
    yield DOCS / "reference/tasks.md", tasks_page()
    yield DOCS / "reference/versioning.md", versioning_page()
    yield DOCS / "reference/lint.md", lint_page()
    yield DOCS / "reference/manifest.md", manifest_page()
    yield DOCS / "reference/cases.md", cases_page()
    yield SCHEMAS / "manifest.schema.json", manifest_schema()
    yield SCHEMAS / "case.schema.json", case_schema()
    yield SCHEMAS / "scenarios.schema.json", scenarios_schema()
    for name, drawing in drawings().items():
        yield DOCS / "diagrams" / name, drawing


def main(arguments: list[str]) -> int:
    """Write or check the files; 1 when one has drifted."""
    drifted = [(file, text) for file, text in generated() if not file.exists() or file.read_text("utf-8") != text]
    for file, text in drifted:
        if "--check" in arguments:
            print(f"{file.relative_to(DOCS.parent)} has drifted. Run make docs and commit it.", file=sys.stderr)
            continue
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
    return int(bool(drifted) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
