"""The exporter's jar is compiled once for each engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from zeebe_fleet.deploy.local.cache import Cache
from zeebe_fleet.deploy.local.errors import LocalStackError
from zeebe_fleet.deploy.local.exporter.build import build_exporter
from zeebe_fleet.deploy.local.installation import install
from zeebe_fleet.deploy.local.report import SilentReport


def test_exporter_is_compiled_once_and_leaves_nothing_else(tmp_path: Path) -> None:
    """The second start needs no compiler."""
    cache = Cache()
    engine = install(cache, SilentReport(), lambda: None)
    (compiler,) = cache.root.glob("downloads/ecj-*.jar")
    lib = engine.home / "lib"
    jar = build_exporter(engine.java, compiler, lib, tmp_path)

    assert build_exporter(engine.java, tmp_path / "no-compiler.jar", lib, tmp_path) == jar
    assert list(tmp_path.iterdir()) == [jar]


def test_exporter_that_does_not_compile_says_why(tmp_path: Path) -> None:
    """An engine without the exporter's interfaces is none that it can run in."""
    cache = Cache()
    engine = install(cache, SilentReport(), lambda: None)
    (compiler,) = cache.root.glob("downloads/ecj-*.jar")

    with pytest.raises(LocalStackError, match="cannot be resolved"):
        build_exporter(engine.java, compiler, tmp_path, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
