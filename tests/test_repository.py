"""The repository speaks of the product alone, and its parts agree with each other."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import zeebe_fleet

ROOT = Path(zeebe_fleet.__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
REGISTRIES = [
    r"pypi\.\w+",
    r"pythonhosted\.\w+",
    r"repo\d*\.maven\.\w+",
    r"maven\.apache\.org",
    r"registry\.npmjs\.\w+",
    r"static\.crates\.\w+",
    r"proxy\.golang\.\w+",
    r"deb\.debian\.\w+",
]
MACHINES = [r"(?<![\w.}/-])/(?:work|root|home/\w+|Users/\w+)/"]


def _tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("an unpacked archive does not say what is committed")
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def _found(patterns: list[str]) -> list[str]:
    wanted = re.compile("|".join(patterns))
    return [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for file in _tracked()
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="ignore").splitlines(), 1)
        if wanted.search(line)
    ]


def test_repository_names_no_registry() -> None:
    """Where packages come from is the machine's to say: locks, code and documents name no host."""
    assert _found(REGISTRIES) == []


def test_repository_names_no_machine() -> None:
    """No path of somebody's own machine has crept in."""
    assert _found(MACHINES) == []


@pytest.mark.parametrize("lock", ["runtime.txt", "demo.txt", "dev.txt", "docs.txt", "bench.txt"])
def test_lock_pins_every_package_by_hash(lock: str) -> None:
    """Each requirement is one version with at least one hash."""
    text = (ROOT / "requirements" / lock).read_text()
    pinned = re.split(r"\n(?=[a-z0-9])", re.sub(r"^ *#.*\n", "", text, flags=re.M))

    assert len(pinned) > 30
    assert [one for one in pinned if not re.match(r"[a-z0-9.\[\]_-]+==[^ ]+ .*--hash=sha256:", one, re.S)] == []


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("runtime.txt", PROJECT["project"]["dependencies"]),
        ("demo.txt", PROJECT["project"]["dependencies"]),
        ("demo.txt", PROJECT["project"]["optional-dependencies"]["local"]),
        ("demo.txt", PROJECT["dependency-groups"]["demo"]),
        ("dev.txt", PROJECT["project"]["dependencies"]),
        ("dev.txt", PROJECT["project"]["optional-dependencies"]["local"]),
        ("dev.txt", PROJECT["dependency-groups"]["dev"]),
        ("docs.txt", PROJECT["project"]["optional-dependencies"]["docs"]),
        ("bench.txt", PROJECT["dependency-groups"]["bench"]),
    ],
)
def test_lock_fits_what_the_project_asks_for(lock: str, wanted: list[str]) -> None:
    """A dependency that is added or raised is locked, too: `make lock`."""
    text = (ROOT / "requirements" / lock).read_text()
    pins = dict(re.findall(r"^([a-z0-9._-]+)==([^ ]+)", text, re.M))
    asked = [Requirement(one) for one in wanted]

    assert [str(one) for one in asked if not one.specifier.contains(pins.get(_normal(one.name), ""))] == []


def test_locks_agree() -> None:
    """What is tested is what runs: a package in both locks has the same version in both."""
    runtime, demo, dev, docs, bench = (
        dict(re.findall(r"^([a-z0-9._-]+)==([^ ]+)", (ROOT / "requirements" / lock).read_text(), re.M))
        for lock in ("runtime.txt", "demo.txt", "dev.txt", "docs.txt", "bench.txt")
    )

    assert {name: demo.get(name) for name in runtime} == runtime
    assert {name: dev.get(name) for name in demo} == demo
    for more in (docs, bench):
        assert {name: version for name, version in more.items() if dev.get(name, version) != version} == {}


def test_changelog_knows_the_version() -> None:
    """The version is a release of the changelog, or the changelog has something unreleased."""
    text = (ROOT / "CHANGELOG.md").read_text()
    version = PROJECT["project"]["version"]

    assert re.search(rf"^## \[(?:Unreleased|{re.escape(version)})\]", text, re.M)
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_license_is_whole() -> None:
    """The full text of the license that the metadata names."""
    text = (ROOT / "LICENSE").read_text()

    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_makefile_explains_every_command() -> None:
    """`make` lists what a person may want; the README's two commands are among it."""
    printed = subprocess.run(["make", "-s", "-C", ROOT, "help"], capture_output=True, text=True, check=True).stdout

    assert {"demo", "test", "check", "smoke", "help"} <= set(re.findall(r"\x1b\[1m([a-z-]+)", printed))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_targets_install_what_their_recipes_run() -> None:
    """A target that runs a developers' tool asks for the developers' environment: on a fresh checkout there is none."""
    tools = {"uv", "pytest", "ruff", "mypy", "lint-imports"}
    targets = re.findall(r"^([a-z-]+): ([^#\n]*)[^\n]*\n((?:\t[^\n]*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    running = {
        name: needs for name, needs, recipe in targets if tools & set(re.findall(r"\$\(BIN\)/([a-z-]+)", recipe))
    }
    assert {"test", "wheel", "lint"} <= set(running)
    assert [name for name, needs in running.items() if "$(READY)" not in needs] == []
