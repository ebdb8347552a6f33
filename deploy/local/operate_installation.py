"""OpenSearch and Operate on this machine's disk: downloaded, and trained to start fast."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from zeebe_fleet.deploy.local.archives import ClassArchives, trained
from zeebe_fleet.deploy.local.artifacts import pinned, pinned_jars
from zeebe_fleet.deploy.local.cache import Cache
from zeebe_fleet.deploy.local.downloads import Downloads
from zeebe_fleet.deploy.local.installation import distribution
from zeebe_fleet.deploy.local.java import java_home
from zeebe_fleet.deploy.local.opensearch import OPENSEARCH_PORTS, OpenSearch, OperateInstallation
from zeebe_fleet.deploy.local.operate import OPERATE_PORTS, Operate
from zeebe_fleet.deploy.local.ports import free_ports
from zeebe_fleet.deploy.local.report import Report, SilentReport
from zeebe_fleet.deploy.local.state import StateDir


def install_operate(cache: Cache, report: Report, check: Callable[[], None]) -> OperateInstallation:
    """Return Operate, ready to start; the first call on a machine downloads and trains.

    Args:
        check: called often; whatever it raises stops the work, which the next call continues.
    """
    java = java_home(cache, report, check)
    home = distribution(pinned("engine"), cache, report, check)
    bare = OperateInstallation(home, java, _jars(cache, report, check))
    archives = ClassArchives(cache, report, check)
    training = _Training(cache, check)
    with_opensearch = replace(
        bare,
        opensearch_archive=archives.find(
            "opensearch",
            f"{java}\n{bare.opensearch_jars}",
            "Teaching OpenSearch to start fast (once, about 10 s)",
            lambda archive: training.of_opensearch(bare, archive),
        ),
    )
    return replace(
        with_opensearch,
        operate_archive=archives.find(
            "operate",
            f"{java}\n{bare.operate_jars}",
            "Teaching Operate to start fast (once, about a minute)",
            lambda archive: training.of_operate(with_opensearch, archive),
        ),
    )


def _jars(cache: Cache, report: Report, check: Callable[[], None]) -> tuple[Path, ...]:
    artifacts = pinned_jars()
    missing = [artifact for artifact in artifacts if not (cache.root / "downloads" / artifact.file_name).exists()]
    silent = Downloads(cache, SilentReport(), check)  # a hundred bars would tell nobody anything
    if missing:
        size_bytes = sum(artifact.size_bytes for artifact in missing)
        with report.step(f"OpenSearch ({size_bytes / 1024**2:.0f} MB)"):
            silent.fetch_all(missing)
    return tuple(sorted(cache.root / "downloads" / artifact.file_name for artifact in artifacts))


class _Training:
    """Runs of each server that are only made to see which classes it loads."""

    def __init__(self, cache: Cache, check: Callable[[], None]) -> None:
        self._state = StateDir(cache.root / "training-operate")
        self._check = check
        self._ports = free_ports([*OPENSEARCH_PORTS, *OPERATE_PORTS])

    def of_opensearch(self, installation: OperateInstallation, archive: Path) -> None:
        """Start it and stop it."""
        with self._opensearch(installation, archive):
            pass

    def of_operate(self, installation: OperateInstallation, archive: Path) -> None:
        """Start it before an OpenSearch of its own, without an engine, and stop it."""
        operate = Operate(self._state, lambda: installation)
        with self._opensearch(installation, None), trained(operate, self._ports, archive, self._check):
            pass

    @contextmanager
    def _opensearch(self, installation: OperateInstallation, archive: Path | None) -> Iterator[None]:
        shutil.rmtree(self._state.root, ignore_errors=True)
        opensearch = OpenSearch(self._state, lambda: installation)
        with trained(opensearch, self._ports, archive, self._check):
            yield
        shutil.rmtree(self._state.root, ignore_errors=True)
