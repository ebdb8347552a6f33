"""`fleet publish`: lint, compare with what is published, sign, create; everything that goes is looked at first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from zeebe_fleet.adapters.artifacts import store_of
from zeebe_fleet.bpmn.tooling.artifact.policy import read_policy
from zeebe_fleet.bpmn.tooling.finding import Finding, Severity
from zeebe_fleet.bpmn.tooling.lint import lint_path
from zeebe_fleet.bpmn.tooling.publishing import Plan, Planner, State, gathered, publish
from zeebe_fleet.bpmn.tooling.publishing.gathering import definition_folders
from zeebe_fleet.deploy.artifact_settings import ArtifactsSection
from zeebe_fleet.workers.contract.artifacts import ArtifactStore, Published
from zeebe_fleet.workers.contract.errors import DefinitionError, FleetError

_WORDS = {State.NEW: "would be published", State.THERE: "is published already"}


@dataclass(frozen=True)
class Request:
    """What is to be published, and how it is told."""

    path: Path
    dry_run: bool
    as_json: bool


def publish_path(request: Request, section: ArtifactsSection) -> int:
    """Publish a package, or all of a folder; return the exit status.

    Raises:
        FleetError: store, policy or key cannot be used.
    """
    artifacts = gathered(request.path)
    findings = _errors_in(definition_folders(request.path))
    if findings:
        _show_findings(findings, as_json=request.as_json)
        return 1
    store, policy = _store(section), read_policy(section.publishers)
    key = "" if request.dry_run else signing_key(section)

    async def work() -> tuple[Sequence[Plan], list[Published]]:
        plans = await Planner(store, policy).plan(artifacts)
        if request.dry_run or any(plan.state is State.REFUSED for plan in plans):
            return plans, []
        return plans, [one async for one in publish(plans, store, policy, key)]

    plans, published = asyncio.run(work())
    (_show_json if request.as_json else _show)(plans, published, store)
    return int(any(plan.state is State.REFUSED for plan in plans))


def signing_key(section: ArtifactsSection) -> str:
    """Return the private key to publish with.

    Raises:
        FleetError: none is set.
    """
    key = section.signing_key.get_secret_value()
    if not key:
        raise FleetError(
            "There is no key to publish with.",
            "Use --key, or FLEET_ARTIFACTS__SIGNING_KEY_FILE; fleet keys new makes one. --dry-run needs none.",
        )
    return key


def _store(section: ArtifactsSection) -> ArtifactStore:
    if not section.store:
        raise FleetError(
            "No store of definitions is named.",
            "Use --store, or FLEET_ARTIFACTS__STORE: a folder's path, or s3://bucket/prefix.",
        )
    return store_of(section.store, section.access())


def _errors_in(folders: Sequence[Path]) -> list[Finding]:
    """Return what lint calls an error."""
    found = [finding for folder in folders for finding in lint_path(folder)]
    return [finding for finding in found if finding.severity in (None, Severity.ERROR)]


def _show_findings(findings: Sequence[Finding], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"refused": "lint", "findings": [str(one) for one in findings]}, indent=2))
        return
    for finding in findings:
        typer.echo(str(finding))
    found = "an error" if len(findings) == 1 else f"{len(findings)} errors"
    raise DefinitionError(f"Nothing was published: lint found {found}.", "fleet lint says more of each.")


def _show(plans: Sequence[Plan], published: Sequence[Published], store: ArtifactStore) -> None:
    by = {one.artifact.file: one.signed_by for one in published}
    for plan in plans:
        artifact = plan.artifact
        named = f"{artifact.name} {artifact.version}"
        for change in plan.changes:
            typer.echo(f"  {change.level.word:5}  {change.rule:22}  {change.where}: {change.told}")
        if plan.refusal is not None:
            typer.secho(plan.refusal.message, fg="red", bold=True)
            typer.echo(f"→ {plan.refusal.suggestion}")
        elif artifact.file in by:
            typer.echo(f"{named} is published by {by[artifact.file]} as {artifact.file} in {store.address}")
            typer.echo(f"  SHA-256 {artifact.sha256}")
        else:
            since = f" after {plan.newest}" if plan.newest and plan.state is State.NEW else ""
            by_whom = f" by {plan.published.signed_by}" if plan.published else since
            typer.echo(f"{named} {_WORDS[plan.state]}{by_whom}")
            typer.echo(f"  SHA-256 {artifact.sha256}")
    if any(plan.state is State.REFUSED for plan in plans):
        typer.echo("Nothing was published.")
    elif all(plan.state is State.NEW for plan in plans) and not published:
        typer.echo("Nothing was published: it was a dry run.")


def _show_json(plans: Sequence[Plan], published: Sequence[Published], store: ArtifactStore) -> None:
    by = {one.artifact.file: one.signed_by for one in published}
    told = [_told(plan, by) for plan in plans]
    typer.echo(json.dumps({"store": store.address, "definitions": told}, indent=2, ensure_ascii=False))


def _told(plan: Plan, by: dict[str, str]) -> dict[str, Any]:
    artifact, there = plan.artifact, plan.published
    state = (
        "published"
        if artifact.file in by
        else {"new": "would be published", "there": "published already"}.get(plan.state, "refused")
    )
    return {
        "name": artifact.name,
        "version": artifact.version,
        "kind": artifact.kind,
        "file": artifact.file,
        "sha256": artifact.sha256,
        "state": state,
        "signed_by": by.get(artifact.file) or (there.signed_by if there else None),
        "newest": plan.newest or None,
        "changes": [
            {"level": one.level.word, "rule": one.rule, "where": one.where, "what": one.told} for one in plan.changes
        ],
        "refusal": {"message": plan.refusal.message, "suggestion": plan.refusal.suggestion} if plan.refusal else None,
    }
