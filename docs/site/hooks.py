"""What MkDocs calls: files of the repository that a page links to come along, and so does Mermaid."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs.site.mermaid import mermaid

ROOT = Path(__file__).parents[2]
SOURCE = "source"
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what lies outside of the documents' folder."""
    outside = {path for page in files.documentation_pages() for path in map(_outside, *_links(page)) if path}
    for path in sorted(outside):
        files.append(File.generated(config, f"{SOURCE}/{path}", abs_src_path=str(ROOT / path)))
    files.append(File.generated(config, "assets/mermaid.js", abs_src_path=str(mermaid())))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links out of the folder to what came along."""
    here = posixpath.dirname(page.file.src_uri)

    def lead(link: re.Match[str]) -> str:
        path = _outside(page.file.src_uri, link[1])
        return posixpath.relpath(f"{SOURCE}/{path}", here or ".") if path else link[1]

    return _LINK.sub(lead, markdown)


def _links(file: File) -> tuple[list[str], list[str]]:
    found = _LINK.findall(file.content_string)
    return [file.src_uri] * len(found), found


def _outside(page: str, link: str) -> str:
    """Return the path in the repository of what a link leads to; nothing when the site has it anyway."""
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), link))
    return "" if path.startswith("docs/") or page.startswith(SOURCE) else path
