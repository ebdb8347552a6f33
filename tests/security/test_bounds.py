"""Everything that is read from a file or a request is bounded, and refused within a second, in a sentence."""

from __future__ import annotations

import base64
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import indent

import pytest

from tests.engine.core.acting import Acting
from tests.security.chains import HEAD, chain, layers
from zeebe_fleet.adapters.postgres.data_rows import _read_cursor
from zeebe_fleet.bpmn.tooling.case import load_case
from zeebe_fleet.bpmn.tooling.lint import MAX_FINDINGS, RULES, lint_path
from zeebe_fleet.bpmn.tooling.package import load_package
from zeebe_fleet.bpmn.tooling.parse import read_model
from zeebe_fleet.deploy.app import configured_app
from zeebe_fleet.engine.core.commands import Deploy
from zeebe_fleet.engine.search.conditions import InvalidSearch
from zeebe_fleet.engine.search.query import _decoded
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.contract.refusals import InvalidArgument

_REFUSED_S = 2.0
"""CPU time, on a machine that others use as well; alone it is a second at most."""
MANIFEST = 'name: p\nversion: "1.0.0"\ndescription: A process.\n'
FORM = '{"id": "ask", "components": []}'
LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 11))
MERGES = "a0: &a0 {x: 1, y: 2}\n" + "".join(
    f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 11)
)
YAML: dict[str, str] = {
    "aliases that unfold": LAUGHS,
    "merges that unfold": MERGES,
    "many aliases": "a: &a 1\nb: [" + "*a, " * 200 + "]\n",
    "size": f"x: {'a' * 2_000_000}\n",
    "values": "x: [" + "1, " * 30_000 + "]\n",
    "keys": "x: {" + ", ".join(f"k{n}: 1" for n in range(12_000)) + "}\n",
    "flow depth": "x: " + "[" * 20_000 + "\n",
    "block depth": "".join(" " * n + "- \n" for n in range(400)),
    "inline depth": "x: " + "{a: " * 5_000 + "1" + "}" * 5_000 + "\n",
    "an alias of itself": "x: &x [*x]\n",
    "a merge of itself": "x: &x {<<: *x}\n",
    "a long number": f"x: {'9' * 50_000}\n",
    "a day that is none": "x: 2026-99-99\n",
    "a tag": "x: !!python/object/apply:os.system [true]\n",
    "bytes that are no text": "x: \x00\n",
}
FORMS: dict[str, str] = {
    "size": FORM.replace("[]", json.dumps(["x" * 50_000_000])),
    "depth": FORM.replace("[]", "[" * 100_000),
    "groups in groups": FORM.replace("[]", '[{"type": "group", "components": ' * 500 + "[]" + "}]" * 500),
    "values": FORM.replace("[]", "[" + "{}," * 100_000 + "{}]"),
    "components that are none": FORM.replace("[]", "[1]"),
    "components that are no list": FORM.replace("[]", '{"a": 1}'),
    "a number that is none": FORM.replace("[]", "NaN"),
    "a long number": FORM.replace("[]", "9" * 100_000),
    "half a character": '{"id": "\ud800"}',
}
ENTITIES = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" if n else "<!ENTITY a0 '&a;&a;'>" for n in range(12)
)
MODELS: dict[str, str] = {
    "a chain of tasks": chain(10_000),
    "a chain of gateways": chain(10_000, "exclusiveGateway"),
    "size": f"{HEAD}{'<!-- -->' * 700_000}</bpmn:process></bpmn:definitions>",
    "depth": HEAD + "<bpmn:subProcess id='a'>" * 10_000,
    "count": HEAD + "<bpmn:task/>" * 100_000 + "</bpmn:process></bpmn:definitions>",
    "entities": f"{ENTITIES}]><x>&a11;</x>",
    "entities in attributes": f"{ENTITIES}]><x y='&a11;'/>",
    "a DTD elsewhere": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>',
    "attributes": "<x " + " ".join(f"a{n}='1'" for n in range(5_000)) + "/>",
    "nothing": "",
    "broken": "<" * 100_000,
}


def refused(read: Callable[[], object]) -> str:
    """Return the sentence with which something is refused; within a second."""
    begun = time.process_time()
    with pytest.raises(DefinitionError) as caught:
        read()
    assert time.process_time() - begun < _REFUSED_S
    assert len(caught.value.message) < 1_000
    assert caught.value.suggestion
    return caught.value.message


def package(folder: Path, *, manifest: str = MANIFEST, model: str | None = None, form: str = FORM) -> Path:
    """Write a package."""
    made = folder / "p"
    made.mkdir()
    (made / "manifest.yaml").write_bytes(manifest.encode("utf-8", "surrogatepass"))
    (made / "p.bpmn").write_text(chain(1) if model is None else model)
    (made / "ask.form").write_bytes(form.encode("utf-8", "surrogatepass"))
    return made


def looked_over(folder: Path) -> list[str]:
    """Return what the lint says of files that cannot be read; within a second."""
    begun = time.process_time()
    found = lint_path(folder)
    assert time.process_time() - begun < _REFUSED_S
    assert all(one.suggestion for one in found if one.rule == "package-is-readable")
    return [str(one) for one in found if one.rule == "package-is-readable"]


@pytest.mark.parametrize("what", YAML)
def test_manifest_is_bounded(what: str, tmp_path: Path) -> None:
    """Size, depth, count, what aliases unfold to, and values that are none of their kind."""
    made = package(tmp_path, manifest=MANIFEST + "input:\n  title: x\n" + indent(YAML[what], "  "))
    assert "manifest.yaml" in refused(lambda: load_package(made))
    assert any("manifest.yaml" in one for one in looked_over(made))


@pytest.mark.parametrize("what", FORMS)
def test_form_is_bounded(what: str, tmp_path: Path) -> None:
    """Size, depth, count, and the shape that is gone through."""
    made = package(tmp_path, form=FORMS[what])
    assert "ask.form" in refused(lambda: load_package(made))
    assert any("ask.form" in one for one in looked_over(made))


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["manifest.yaml", "ask.form", "other.form", "p.bpmn", "rules.dmn", "case.yaml"])
def test_pipe_is_no_file_of_a_package(name: str, tmp_path: Path) -> None:
    """Nothing waits for somebody who never writes to it."""
    made = package(tmp_path)
    (made / name).unlink(missing_ok=True)
    os.mkfifo(made / name)
    os.mkfifo(made / "notes.txt")
    assert "a pipe or a device" in refused(lambda: (load_case if name == "case.yaml" else load_package)(made))
    assert any(name in one for one in looked_over(made))


@pytest.mark.parametrize(
    ("content", "line"), [(b"name: p\nversion: '1.0.0'\ndescription: caf\xe9\n", 3), (b"name: p\nx: \x07\n", 2)]
)
def test_yaml_of_another_encoding_is_refused_with_its_line(content: bytes, line: int, tmp_path: Path) -> None:
    """What an old editor saved is found, and what to do."""
    made = package(tmp_path)
    (made / "manifest.yaml").write_bytes(content)
    assert re.search(rf"manifest\.yaml:{line}: not YAML: [^\n]+$", refused(lambda: load_package(made)))


@pytest.mark.parametrize("what", MODELS)
def test_model_is_bounded(what: str, tmp_path: Path) -> None:
    """By the lint, by what deploys, and by whoever reads what somebody else deployed."""
    made = package(tmp_path, model=MODELS[what])
    assert "p.bpmn" in refused(lambda: load_package(made))
    assert any("p.bpmn" in one for one in looked_over(made))
    refused(lambda: read_model(MODELS[what], "p"))


@pytest.mark.parametrize("what", MODELS)
def test_engine_refuses_a_model_in_time(what: str) -> None:
    """It is read while everybody waits."""
    begun = time.process_time()
    Acting().refused(Deploy((("p.bpmn", MODELS[what].encode()),)))
    assert time.process_time() - begun < _REFUSED_S


@pytest.mark.parametrize(
    "model",
    [
        chain(1_900),
        chain(4_000),
        chain(1_900, "exclusiveGateway"),
        chain(1_900, "parallelGateway", 0),
        layers(25, 15),
        layers(25, 15, "parallelGateway"),
        layers(2, 200, "inclusiveGateway"),
    ],
    ids=["tasks", "more tasks than run", "gateways", "a heap", "layers", "layers that join", "wide layers"],
)
def test_lint_of_the_longest_model_is_quick(model: str, tmp_path: Path) -> None:
    """What is below the bounds takes a time that people wait; findings that nobody reads are not made."""
    made = package(tmp_path, model=model)
    begun = time.process_time()
    found = lint_path(made)
    assert time.process_time() - begun < 3
    assert len(found) <= (len(RULES) + 1) * MAX_FINDINGS


@pytest.mark.parametrize("text", [b"x = " + b"[" * 50_000, b"x = 1\n" * 500_000, b"\xff", b"x = 1979-99-99"])
def test_project_file_is_bounded(text: bytes, tmp_path: Path) -> None:
    """`fleet` looks for the app's name in what may be anybody's file."""
    (tmp_path / "pyproject.toml").write_bytes(text)
    assert "pyproject.toml" in refused(lambda: configured_app(tmp_path))


@pytest.mark.parametrize("text", ["[tool]\nzeebe-fleet = 1", "tool = 1", ""])
def test_project_file_without_an_app_names_none(text: str, tmp_path: Path) -> None:
    """Whatever stands in the place of its table."""
    (tmp_path / "pyproject.toml").write_text(text)
    assert configured_app(tmp_path) == ""


def test_cursor_of_lists_within_lists_is_none() -> None:
    """What stands in a cursor is read by nobody's recursion."""
    cursor = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    with pytest.raises(InvalidSearch):
        _decoded(cursor, 1)
    with pytest.raises(InvalidArgument):
        _read_cursor(cursor, ())


def test_engine_refuses_many_models_at_once_in_time() -> None:
    """Each of them below the bounds."""
    files = tuple((f"p{number}.bpmn", chain(1_800).replace('"p"', f'"p{number}"').encode()) for number in range(40))
    begun = time.process_time()
    assert "deploy fewer" in str(Acting().refused(Deploy(files)))
    assert time.process_time() - begun < _REFUSED_S
