"""The guards, and for each what takes it out and which test then fails: `python -m tests.security.guards`.

A test that stays green without its guard proves nothing. Each guard is taken out in a process of its own, by a plugin
of pytest that reads its name from the environment; the walls of PostgreSQL are taken out by tests of theirs.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from http.cookiejar import CookieJar
from typing import Any

from rich.console import Console

VARIABLE = "FLEET_TESTS_WITHOUT"
"""Names the guard that is taken out."""
_FAILED = 1
"""Exit status of pytest when tests ran and some failed."""
console = Console(highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Guard:
    """Something that keeps somebody out.

    Args:
        take_out: does so, in this process.
        red: the tests that notice.
    """

    name: str
    take_out: Callable[[], None]
    red: str


def _always(holder: str, name: str, answer: Any) -> Callable[[], None]:
    """Return what has a function answer one thing, whoever asks for what."""

    def take_out() -> None:
        _set(holder, name, lambda *_, **__: answer)

    return take_out


def _gone(holder: str, name: str) -> Callable[[], None]:
    """Return what has a coroutine do nothing."""

    async def nothing(*_: Any, **__: Any) -> None: ...

    return lambda: _set(holder, name, nothing)


def _is(holder: str, name: str, value: Any) -> Callable[[], None]:
    return lambda: _set(holder, name, value)


def _set(holder: str, name: str, value: Any) -> None:
    """Set an attribute of a module, or of a class in one: `package.module:Class`."""
    module, _, inner = f"zeebe_fleet.{holder}".partition(":")
    found: Any = __import__(module, fromlist=["_"])
    for part in inner.split(".") if inner else ():
        found = getattr(found, part)
    assert hasattr(found, name), f"{holder} has no {name}"
    setattr(found, name, value)


def _without_rule(rule_name: str) -> Callable[[], None]:
    """Return what has fields of a rule be given with their object."""

    def take_out() -> None:
        from zeebe_fleet.graphql_api.policy.rules import Rule, rule_of

        def weaker(type_name: str, field_name: str) -> Rule | None:
            rule = rule_of(type_name, field_name)
            return Rule.GIVEN if rule is not None and rule.name == rule_name else rule

        _set("graphql_api.policy.gates", "rule_of", weaker)

    return take_out


def _by_name_alone(principal: Any, key: str) -> Any:
    from zeebe_fleet.adapters.postgres.tables import RequestKey

    return (RequestKey.principal == principal.subject) & (RequestKey.key == key)


def _patterns_as_python_has_them() -> None:
    _set("graphql_api.forms", "is_found", lambda pattern, text: re.search(pattern, text) is not None)


def _addresses_as_they_are() -> None:
    for holder in ("deploy.doctor", "deploy.doctor_network", "adapters.activity_graphql"):
        _set(holder, "shown", str)
    _set("deploy.doctor", "without_userinfo", str)


def _as_it_is(outcome: Any, _secrets: Any) -> Any:
    return outcome


def _any_algorithm() -> None:
    from zeebe_fleet.graphql_api import oidc

    oidc._ALGORITHMS = (*oidc._ALGORITHMS, "none", "HS256")  # type: ignore[assignment]


def _yaml_of_any_length() -> None:
    from zeebe_fleet.bpmn.tooling.yaml_text import Bounds, yaml_of

    yaml_of.__defaults__ = (Bounds(values=2**60),)


def _models_of_any_length() -> None:
    from zeebe_fleet.bpmn.tooling.document import Document

    index = Document._index
    _set("bpmn.tooling.document:Document", "_index", lambda document, _most: index(document, 2**60))


def _any_issuer() -> None:
    async def metadata(provider: Any) -> Any:
        return await provider._client.load_server_metadata()

    _set("graphql_api.oidc:Provider", "_metadata", metadata)


def _larger(**limits: int) -> Callable[[], None]:
    """Return what has a document ask for more."""

    def take_out() -> None:
        from zeebe_fleet.graphql_api.documents import Documents
        from zeebe_fleet.graphql_api.settings import Limits

        def documents(of: Any, given: Limits, *rest: Any) -> Any:
            return Documents(of, replace(given, **limits), *rest)

        _set("graphql_api.schema", "Documents", documents)

    return take_out


_BOUNDS = "test_bounds.py -k"
_ARTIFACT = "bpmn.tooling.artifact"
_POLICY = "graphql_api.policy.decisions:Policy"
_PUBLISHED = "../graphql_api/test_published.py -k are_for_whom"
_VERSIONS = "../graphql_api/versions"
_SESSIONS = "graphql_api.sessions:Sessions"
_SHARE = "graphql_api.shares:Share"
_TIMER = "deploy.connections:Timer"
_NEVER = re.compile("(?!)")
_TESTS = "tests/security"

GUARDS: Sequence[Guard] = (
    Guard(
        "a workflow is for who may see it",
        _always(_POLICY, "sees_workflow", True),
        "test_policy.py -k test_workflow_is_shown",
    ),
    Guard("paths to a record are gated", _without_rule("SEEN"), "test_policy.py -k test_nested_paths"),
    Guard("data are for who may read them", _without_rule("DATA"), "test_policy.py -k test_workflow_is_shown"),
    Guard(
        "the engine's view is for operators", _without_rule("OPERATORS"), "test_policy.py -k test_field_of_operators"
    ),
    Guard("lists are restricted", _always(_POLICY, "seen", None), "test_policy.py -k test_lists_hold"),
    Guard(
        "filters confirm nothing that is hidden",
        _is("adapters.postgres.activity_queries", "_known", lambda said, _wanted: said),
        "test_policy.py -k 'search_looks or filter_confirms'",
    ),
    Guard(
        "processes are known to who may start or see them",
        _always(_POLICY, "known_processes", None),
        "test_policy.py -k test_process_is_known",
    ),
    Guard(
        "a published definition is known to who may start or see it",
        _always(_POLICY, "knows", True),
        _PUBLISHED,
    ),
    Guard(
        "a published definition says who may start it",
        _always(_POLICY, "starts_published", True),
        _PUBLISHED,
    ),
    Guard("what runs on a published version is for who may see it", _without_rule("COUNTED"), _PUBLISHED),
    Guard(
        "a start deploys for who may deploy",
        _always(_POLICY, "deploys_by_starting", True),
        f"{_VERSIONS} -k right_of_its_own",
    ),
    Guard(
        "a start deploys nothing older",
        _always("bpmn.tooling.deployments", "check_newest", None),
        f"{_VERSIONS} -k 'older_than or past_the_fleet'",
    ),
    Guard(
        "a version is vouched for at each start",
        _gone("bpmn.tooling.versions:ProcessVersions", "vouch"),
        f"{_VERSIONS} -k revoked",
    ),
    Guard("a start is for the manifest's", _always(_POLICY, "starts", True), "test_policy.py -k test_start_is_for"),
    Guard(
        "a parent is one that is seen",
        _gone("graphql_api.workflow_mutations", "check_parent"),
        "test_policy.py -k test_parent",
    ),
    Guard(
        "a parent in a result is one that is seen",
        _gone("graphql_api.activity_mutations", "check_parent"),
        "test_policy.py -k test_result_of_an_activity",
    ),
    Guard("a change is for owners", _always(_POLICY, "check_change", None), "test_policy.py -k test_change_is_for"),
    Guard("roles are asked for", _always(_POLICY, "check_roles", None), "test_policy.py -k test_mutation_is_denied"),
    Guard(
        "what operators touch is theirs",
        _is(_POLICY, "check_operated", lambda _policy, record: record),
        "test_policy.py -k test_mutation_is_denied",
    ),
    Guard(
        "the service is asked for", _always(_POLICY, "check_service", None), "test_policy.py -k test_mutation_is_denied"
    ),
    Guard(
        "a change is told to who may see it",
        _always(_POLICY, "sees_workflow", True),
        "test_policy.py -k test_subscription_tells",
    ),
    Guard(
        "a session that is over does nothing", _gone(_SESSIONS, "is_over"), "test_sessions.py -k 'copy or stream_ends'"
    ),
    Guard(
        "a session is not the fleet's",
        _is("workers.contract.principal:Principal", "is_service", False),
        "test_sessions.py -k test_session_is_never",
    ),
    Guard("keys are long", _is("graphql_api.keys", "KEY_BYTES", 0), "test_sessions.py -k test_key_that_can_be"),
    Guard("a token is signed by the provider's key", _any_algorithm, "test_sessions.py -k test_token_nobody"),
    Guard("an issuer is the one that is named", _any_issuer, "test_sessions.py -k 'discovery_of or became_another'"),
    Guard(
        "names are not the fleet's",
        _always("graphql_api.claims", "_check_subject", None),
        "test_sessions.py -k test_name_that_nobody",
    ),
    Guard(
        "a way back leads in once",
        _gone("graphql_api.oidc:Provider", "_walk_once"),
        "test_sessions.py -k test_kept_cookie",
    ),
    Guard(
        "discovery is bounded",
        _is("graphql_api.bounded", "ANSWER_BYTES", 2**40),
        "test_sessions.py -k test_discovery_without_end",
    ),
    Guard(
        "a path stays below its service",
        _always("adapters.outbound", "leads_elsewhere", False),
        "test_outbound.py -k path",
    ),
    Guard(
        "a service is where it may be",
        _always("adapters.outbound_reach", "is_open", True),
        "test_outbound.py -k private",
    ),
    Guard(
        "a header is the fleet's", _always("adapters.outbound_headers", "_may_set", True), "test_outbound.py -k fleets"
    ),
    Guard("no cookie is kept", _is("adapters.outbound", "no_cookies", CookieJar), "test_outbound.py -k cookies_of"),
    Guard(
        "a key is its issuer's",
        _is("adapters.postgres.requests", "_row", _by_name_alone),
        "test_namesakes.py -k test_key_of_a_namesake",
    ),
    Guard("addresses are shown without userinfo", _addresses_as_they_are, "test_addresses.py -k test_doctor"),
    Guard(
        "a secret is read again when it has changed",
        _always("workers.contract.secret_source", "_stands", 0),
        "test_secrets.py -k test_secret_is_read_from",
    ),
    Guard(
        "a result holds no secret",
        _is("workers.runner", "discreet", _as_it_is),
        "test_secrets.py -k test_result_with_a_secret",
    ),
    Guard(
        "a package holds no secret",
        _always("bpmn.tooling.rules.secrets_lie_elsewhere", "_is_random", False),
        "test_secrets.py -k test_lint_finds",
    ),
    Guard("a document's spreads are counted", _larger(spreads=2**30), "test_documents.py -k test_what_is_written"),
    Guard("pairs of fields are counted", _larger(overlaps=2**60, selections=2**30), "test_documents.py -k test_attack"),
    Guard("a document is short", _larger(characters=2**40, tokens=2**30), "test_documents.py -k test_attack"),
    Guard("what a document may read is estimated", _larger(complexity=2**60), "test_documents.py -k test_attack"),
    Guard("lists of variables are short", _larger(entries=2**60), "test_transports.py -k test_entries"),
    Guard("JSON is shallow", _is("graphql_api.json_text", "LEVELS", 2**30), "test_transports.py -k test_variables"),
    Guard("texts are whole", _is("graphql_api.json_text", "_HALF", _NEVER), "test_requests.py -k test_request_that"),
    Guard("subscriptions are few", _always(_SHARE, "check_subscriptions", None), "test_shares.py -k subscriptions"),
    Guard("requests are few", _always(_SHARE, "admit", None), "test_shares.py -k test_requests_beyond"),
    Guard("answers are paid for", _always(_SHARE, "pay", None), "test_shares.py -k test_answers_are"),
    Guard("reading is paid for", _always(_SHARE, "pay_s", None), "test_shares.py -k test_reading"),
    Guard("large operations wait", _always(_SHARE, "_fits", True), "test_shares.py -k test_large_operations"),
    Guard("lists rest", _always("graphql_api.slices:Turns", "is_over", False), "test_shares.py -k test_long_list"),
    Guard(
        "production knows its operations",
        _always("graphql_api.known:KnownOperations", "unknown", frozenset()),
        "test_production.py -k test_unknown_operation",
    ),
    Guard("names are not suggested", _is("graphql_api.faults", "_SUGGESTION", _NEVER), "test_production.py -k sugg"),
    Guard("https is told", _is("graphql_api.guards", "_HTTPS_HEADERS", {}), "test_production.py -k test_https_has"),
    Guard(
        "a neighbour's cookie is none",
        _always("graphql_api.auth", "session_cookie", "fleet_session"),
        "test_production.py -k test_https",
    ),
    Guard("patterns look nowhere else", _patterns_as_python_has_them, "test_patterns.py -k test_pattern_that_cannot"),
    Guard("schemas cost little", _always("adapters.json_schema", "_look", None), "test_patterns.py -k schema5"),
    Guard(
        "manifests are short",
        _yaml_of_any_length,
        f"{_BOUNDS} 'manifest and values'",
    ),
    Guard("forms are short", _is("bpmn.tooling.form", "_VALUES", 2**60), f"{_BOUNDS} 'form and values'"),
    Guard("models are short", _models_of_any_length, f"{_BOUNDS} 'model and gateways'"),
    Guard(
        "models are looked over", _always("bpmn.tooling.document", "problem_of", None), f"{_BOUNDS} 'model and count'"
    ),
    Guard("deployments are short", _is("engine.core.files", "_MOST_TAGS", 2**60), f"{_BOUNDS} at_once"),
    Guard("connections have their time", _always(_TIMER, "start", None), "test_connections.py -k test_connection_that"),
    Guard(
        "a connection that rests makes room",
        _always("deploy.connections:_Http", "_make_room", None),
        "test_connections.py -k lock_nobody",
    ),
    Guard(
        "a connection that waits for its client makes room",
        _is("deploy.connections:_Http", "waits_since", None),
        "test_connections.py -k wait_for_their",
    ),
    Guard(
        "who holds most makes room",
        _always("graphql_api.room:Room", "_give_up_one", None),
        "test_shares.py -k leave_room",
    ),
    Guard(
        "answers take little",
        _always("workers.contract.allowance:Allowance", "take", None),
        "test_shares.py -k 'test_answer_is or test_operations_that'",
    ),
    Guard(
        "bodies take little", _always("graphql_api.room:Room", "most_body_bytes", 2**60), "test_shares.py -k test_bytes"
    ),
    Guard(
        "a published file is what it was",
        _always(f"{_ARTIFACT}.reading", "_check_parts", None),
        "../bpmn/test_artifact.py -k changed_after_publishing",
    ),
    Guard(
        "a signature is of what it stands below",
        _always(f"{_ARTIFACT}.signing", "_fits", True),
        "../bpmn/test_artifact.py -k changed_with_its_hash",
    ),
    Guard(
        "publishers publish what is theirs",
        _always(f"{_ARTIFACT}.policy:Publisher", "may_publish_name", True),
        "../bpmn/test_artifact.py -k signer_who_may_not",
    ),
    Guard(
        "a key that is retired publishes no more",
        _always("bpmn.tooling.publishing.creation", "_is_retired", False),
        "../deploy/test_publish.py -k publisher_who_may_not",
    ),
    Guard(
        "a name of an artifact is no path",
        _is("adapters.artifacts.folder", "check_name", lambda name: name),
        "../contract/test_artifact_store.py -k 'none_of_an_artifact and folder'",
    ),
    Guard(
        "a store that overwrites is found out",
        _gone("adapters.artifacts.s3:S3Store", "check"),
        "../deploy/test_publish.py -k trusts_no_server",
    ),
    Guard(
        "what a process calls lies beside it",
        _is("bpmn.tooling.publishing.gathering", "_is_beside", lambda *_: True),
        "../deploy/test_publish.py -k beside_its_caller_alone",
    ),
)


def pytest_configure(config: Any) -> None:
    """Take a guard out, for a whole run of pytest with this module as a plugin."""
    taken = os.environ.get(VARIABLE)
    for guard in GUARDS:
        if guard.name == taken:
            guard.take_out()


def notices(guard: Guard) -> bool:
    """Run a guard's tests without it; returns whether they failed as tests do."""
    chosen, _, words = guard.red.partition(" -k ")
    only = ["-k", words.strip("'")] if words else []
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.security.guards", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [*command, "-n", "0", f"{_TESTS}/{chosen}", *only],
        env={**os.environ, VARIABLE: guard.name},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if ran.returncode not in (0, _FAILED):
        console.print(ran.stdout[-2_000:], ran.stderr[-2_000:], markup=False)
    return ran.returncode == _FAILED


def main(arguments: Sequence[str] | None = None) -> int:
    """Take out each guard, or those with a word in their name; the exit status tells whether all were noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.security.guards", description=__doc__)
    parser.add_argument("--only", default="", help="part of a guard's name")
    asked = parser.parse_args(arguments)
    unnoticed = 0
    for guard in GUARDS:
        if asked.only in guard.name:
            is_noticed = notices(guard)
            unnoticed += not is_noticed
            console.print(f"{'noticed ' if is_noticed else 'UNNOTICED'} {guard.name}")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
