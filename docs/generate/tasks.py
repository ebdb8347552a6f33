"""The page on what tasks and their tests are written with, from the docstrings of the public surface."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from itertools import pairwise
from textwrap import dedent
from typing import Any

import zeebe_fleet
from zeebe_fleet import data_models, testing
from zeebe_fleet.workers.task import Surroundings, TaskSettings

_HEAD = """\
# Task API

<!-- Written by `make docs` from the docstrings. Do not edit. -->

Everything that `zeebe_fleet`, `zeebe_fleet.data_models` and `zeebe_fleet.testing` export, and nothing else is public.
How to write tasks, with examples: [tasks](../how-to/tasks.md); data models: [data models](../how-to/data-models.md).
"""

_SECTION = re.compile(r"^(Args|Raises|Returns|Yields|Example|Source):[ \t]*(.*)$")
_ITEM = re.compile(r"^ {4}(\w+): (.*)$")
_INNER = {"session", "flush", "close", "unary", "streaming", "wait", "call", "at_work"}
"""Called by the fleet and by servers, not by users."""


_MODULES = {"data_models", "testing"}


def tasks_page() -> str:
    """Return the page."""
    return "\n".join(_page())


def _page() -> Iterator[str]:
    exported = {name: getattr(zeebe_fleet, name) for name in zeebe_fleet.__all__ if name not in _MODULES}
    errors = {name: one for name, one in exported.items() if _is_error(one)}
    yield _HEAD
    yield "## zeebe_fleet\n"
    for name, one in sorted(exported.items(), key=lambda pair: (isinstance(pair[1], type), pair[0].lower())):
        if name not in errors:
            yield from _entry(name, one)
        if name == "task":
            yield from _settings()
    yield "## Errors\n"
    for name, one in errors.items():
        yield from _entry(name, one)
    yield "## zeebe_fleet.data_models\n"
    for name in data_models.__all__:
        if name not in exported:
            yield from _entry(name, getattr(data_models, name))
    yield "## zeebe_fleet.testing\n"
    for name in testing.__all__:
        yield from _entry(name, getattr(testing, name))


def _is_error(one: object) -> bool:
    return isinstance(one, type) and issubclass(one, BaseException)


def _entry(name: str, one: Any) -> Iterator[str]:
    yield f"### {name}\n"
    yield from _signature(name, one)
    yield from _described(inspect.getdoc(one) or "")
    members = [] if not isinstance(one, type) else [_member(*pair) for pair in vars(one).items()]
    if any(members):
        yield from filter(None, members)
        yield ""


def _member(name: str, value: Any) -> str:
    """Describe a public method or property by the first paragraph of its docstring."""
    actual = getattr(value, "fget", None) or getattr(value, "func", None) or value
    if name.startswith("_") or name in _INNER or not inspect.isfunction(actual):
        return ""
    said = " ".join(_paragraphs(inspect.getdoc(actual) or "")[0].split())
    return f"- `{name}{'' if actual is not value else _call(actual)}`: {said}"


def _signature(name: str, one: Any) -> Iterator[str]:
    if name == "task" or not (_is_made_by_users(one) if isinstance(one, type) else inspect.isfunction(one)):
        return
    yield "```py"  # a signature, no code to be tried
    yield f"{name}{_fields(one) if hasattr(one, '__dataclass_fields__') else _call(one)}"
    yield "```\n"


def _is_made_by_users(one: type) -> bool:
    """Contexts, running fleets and faults are given to users, never made by them."""
    return one is not testing.Fault and (_is_error(one) or hasattr(one, "__dataclass_fields__"))


def _call(one: Any) -> str:
    """Write the parameters of a function or of an error's constructor as they stand in its source."""
    function = _parsed(getattr(one, "__init__") if isinstance(one, type) else inspect.unwrap(one))  # noqa: B009
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef), "it is a function"
    arguments = function.args
    arguments.args = [one for one in arguments.args if one.arg != "self"]
    returned = "" if isinstance(one, type) or not function.returns else f" -> {ast.unparse(function.returns)}"
    return f"({ast.unparse(arguments)}){returned}"


def _fields(one: type) -> str:
    """Write the fields of a dataclass as it takes them."""
    declared = _parsed(one)
    assert isinstance(declared, ast.ClassDef), "the source of a class is a class"
    fields = [field for field in declared.body if isinstance(field, ast.AnnAssign)]
    return f"({', '.join(map(_field, fields))})"


def _field(field: ast.AnnAssign) -> str:
    written = f"{ast.unparse(field.target)}: {ast.unparse(field.annotation)}"
    if field.value is None:
        return written
    return f"{written} = {'…' if isinstance(field.value, ast.Call) else ast.unparse(field.value)}"


def _parsed(one: Any) -> ast.stmt:
    return ast.parse(dedent(inspect.getsource(one))).body[0]


def _settings() -> Iterator[str]:
    """The keyword arguments of `@task`, with the texts below the fields they become."""
    yield "| argument | type | default | |"
    yield "|---|---|---|---|"
    declared = [_parsed(TaskSettings), _parsed(Surroundings)]
    body = [line for one in declared if isinstance(one, ast.ClassDef) for line in one.body]
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and field.value and isinstance(text, ast.Expr):
            said = " ".join(str(ast.literal_eval(text.value)).split())
            kind = ast.unparse(field.annotation).replace("|", "\\|")
            yield f"| `{ast.unparse(field.target)}` | `{kind}` | `{ast.unparse(field.value)}` | {said} |"
    yield ""


def _described(text: str) -> Iterator[str]:
    """Write a Google-style docstring as Markdown."""
    for paragraph in _paragraphs(text):
        head, _, rest = paragraph.partition("\n")
        section = _SECTION.match(head)
        if not section:
            yield f"{paragraph}\n"
        elif section[1] == "Example":
            yield dedent(rest).strip().replace("```python", "```py") + "\n"
        elif section[1] == "Source":
            yield f"Source: {' '.join((section[2] + ' ' + rest).split())}\n"
        else:
            yield f"{section[1]}:\n"
            yield from _items(rest)
            yield ""


def _items(text: str) -> Iterator[str]:
    for line in re.sub(r"\n {5,}", " ", text).splitlines():
        item = _ITEM.match(line)
        yield f"- `{item[1]}`: {item[2].strip()}" if item else f"- {line.strip()}"


def _paragraphs(text: str) -> list[str]:
    """Split at empty lines, but keep a section and what is indented below it together."""
    return [one.rstrip() for one in re.split(r"\n\n(?! )", text.strip())]
