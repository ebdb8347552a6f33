"""Ways to break a process, each with the gate that stops it and the reason in the gate's words.

A row changes one thing in a copy of what ships. A gate takes the copy's folder and returns what it has to say.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import zeebe_fleet.bpmn
from zeebe_fleet.adapters.artifacts.folder import FolderStore
from zeebe_fleet.adapters.postgres.start_variables import check_variables
from zeebe_fleet.bpmn.tooling.artifact.making import artifact_of
from zeebe_fleet.bpmn.tooling.artifact.policy import policy_of
from zeebe_fleet.bpmn.tooling.artifact.signing import new_key, public_line
from zeebe_fleet.bpmn.tooling.case import load_case
from zeebe_fleet.bpmn.tooling.finding import Severity
from zeebe_fleet.bpmn.tooling.lint import lint_folder
from zeebe_fleet.bpmn.tooling.package import ProcessPackage, load_package, load_packages
from zeebe_fleet.bpmn.tooling.publishing import Planner, publish
from zeebe_fleet.bpmn.tooling.scenarios.check import check_case
from zeebe_fleet.bpmn.tooling.scenarios.file import read_scenarios, scenario_files
from zeebe_fleet.deploy.app import load_app
from zeebe_fleet.deploy.process_code import read_declarations
from zeebe_fleet.deploy.scenarios.plan import known_of
from zeebe_fleet.deploy.scenarios.play import Planned
from zeebe_fleet.deploy.scenarios.theatre import Theatre
from zeebe_fleet.deploy.settings import SHIPPED_APP, read_settings
from zeebe_fleet.workers.contract.errors import DefinitionError
from zeebe_fleet.workers.contract.refusals import InvalidVariables

SHIPPED = Path(zeebe_fleet.bpmn.__path__[0])

_PLAYED = frozenset(("hello_world",))
ONBOARDING = "customer_onboarding/customer_onboarding.bpmn"
ONBOARDING_SAYS = "customer_onboarding/manifest.yaml"
REVIEW = "customer_onboarding/review_application.form"
EXPENSES = "expense_approval/case.yaml"
DISCOUNT = "customer_onboarding/approve_discount.form"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to break a process.

    Args:
        what: it is, in a few words.
        gate: that stops it, by its name in `GATES`.
        file: that is changed.
        was: text in it, which must be there.
        shall: text instead.
        reason: pattern of what the gate says.
        also: further changes, each of a file, what was, and what shall be.
    """

    what: str
    gate: str
    file: str
    was: str
    shall: str
    reason: str
    also: tuple[tuple[str, str, str], ...] = ()

    def break_it(self, folder: Path) -> None:
        """Change the files."""
        for name, was, shall in ((self.file, self.was, self.shall), *self.also):
            text = (folder / name).read_text()
            assert was in text, f"{was!r} is not in {name}"
            (folder / name).write_text(text.replace(was, shall, 1))


def schema(folder: Path) -> list[str]:
    """Read every package, as whatever deploys, tests or publishes it does first."""
    told = []
    for package in sorted(folder.iterdir()):
        try:
            (load_case if (package / "case.yaml").exists() else load_package)(package)
        except DefinitionError as error:
            told.append(error.message)
    return told


def lint(folder: Path) -> list[str]:
    """Lint every package; what could be read, and is wrong all the same."""
    return [str(one) for one in lint_folder(folder) if one.severity is not Severity.INFO]


def scenarios(folder: Path) -> list[str]:
    """Hold test cases against the models, and play those of the small processes on the engine."""
    packages, told = load_packages(folder), []
    known = known_of(packages, [])
    for package in packages:
        for case in (case for file in scenario_files(package.folder) for case in read_scenarios(file)):
            try:
                check_case(case, known)
            except DefinitionError as error:
                told.append(error.message)
    return told or _play(folder, packages)


def _play(folder: Path, packages: list[ProcessPackage]) -> list[str]:
    """Play what was changed since it shipped, if it is short."""
    changed = [one for one in packages if one.manifest.name in _PLAYED and one.bpmn != _shipped(one.manifest.name).bpmn]
    if not changed:
        return []
    app = replace(load_app(SHIPPED_APP), processes=folder)
    theatre = Theatre(app, packages, [], read_settings(), "", 4.0)
    try:
        cases = [(one, case) for one in changed for file in scenario_files(one.folder) for case in read_scenarios(file)]
        verdicts = [theatre.play(Planned(package, case)) for package, case in cases]
    finally:
        theatre.close()
    return [f"{one.case.name}: {one.failure.difference}" for one in verdicts if one.failure is not None]


def publishing(folder: Path) -> list[str]:
    """Plan to publish, where what ships is published already."""
    return asyncio.run(_planned(load_packages(folder)))


async def _planned(packages: list[ProcessPackage]) -> list[str]:
    with tempfile.TemporaryDirectory() as place:
        store, key = FolderStore(Path(place)), _key()
        policy = policy_of(f"publishers: [{{name: ci, key: '{public_line(key)}', may_publish: ['*']}}]".encode(), "ci")
        shipped = [artifact_of(_shipped(one.manifest.name)) for one in packages]
        _ = [one async for one in publish(await Planner(store, policy).plan(shipped), store, policy, key)]
        plans = await Planner(store, policy).plan([artifact_of(one) for one in packages])
    return [plan.refusal.message for plan in plans if plan.refusal is not None]


def deploy(folder: Path) -> list[str]:
    """Bring in the code that the manifests name, as a deployment does before anything is deployed."""
    try:
        read_declarations(folder, folder, "")
    except DefinitionError as error:
        return [error.message]
    return []


def start(folder: Path) -> list[str]:
    """Start each process as its clients did when it shipped: with the examples of that manifest."""
    told = []
    for package in load_packages(folder):
        for example in _shipped(package.manifest.name).manifest.input.get("x-examples", ()):
            try:
                check_variables(package.manifest.name, package.manifest.input, example["variables"])
            except InvalidVariables as refused:
                told.append(f"{example['title']}: {refused.message}")
    return told


@cache
def _key() -> str:
    return new_key()[0]


@cache
def _shipped(name: str) -> ProcessPackage:
    return load_package(SHIPPED / name)


GATES: Mapping[str, Callable[[Path], list[str]]] = {
    "schema": schema,
    "lint": lint,
    "scenarios": scenarios,
    "publish": publishing,
    "deploy": deploy,
    "start": start,
}
"""In the order in which a definition passes them."""

_TASK = '<zeebe:taskDefinition type="notify.escalate-review" retries="3" />'
_ESCALATED = """<bpmn:endEvent id="escalated" name="Escalated">
      <bpmn:incoming>escalate_review_to_escalated</bpmn:incoming>
    </bpmn:endEvent>"""
_GREETED = """<bpmn:endEvent id="end" name="Logged">
      <bpmn:incoming>log_message_to_end</bpmn:incoming>
    </bpmn:endEvent>"""
_INSTEAD = (
    '<bpmn:{0} id="escalated" name="Something else"><bpmn:extensionElements><zeebe:{1} /></bpmn:extensionElements>'
    "</bpmn:{0}>"
)
WAYS = (
    Way("XML that is cut off", "schema", ONBOARDING, "</bpmn:process>", "", r"not well-formed XML"),
    Way(
        "an entity that unfolds",
        "schema",
        ONBOARDING,
        "<bpmn:definitions",
        '<!DOCTYPE a [<!ENTITY b "c">]><bpmn:definitions',
        r"DTD, which is refused",
    ),
    Way("YAML that is none", "schema", ONBOARDING_SAYS, "job_types:", "job_types: [", r"not YAML"),
    Way(
        "YAML that refers to what is around it",
        "schema",
        ONBOARDING_SAYS,
        "undo:",
        "undo: &all {again: *all}\nlater:",
        r"not YAML: an alias stands within what it stands for",
    ),
    Way(
        "a key that the manifest has not",
        "schema",
        ONBOARDING_SAYS,
        "human_tasks:",
        "human_task:",
        r"human_task: there is no such key",
    ),
    Way(
        "a version that is none",
        "schema",
        ONBOARDING_SAYS,
        "version: 1.0.0",
        "version: latest",
        r"version: String should",
    ),
    Way(
        "a name with a path in it",
        "schema",
        ONBOARDING_SAYS,
        "name: customer_onboarding",
        "name: ../customer_onboarding",
        r"name: String should",
    ),
    Way(
        "a schema that is none",
        "schema",
        ONBOARDING_SAYS,
        "requested_credit: {type: number, exclusiveMinimum: 0}",
        "requested_credit: {type: money}",
        r"input\.properties\.requested_credit\.type: not JSON Schema",
    ),
    Way("two elements of one id", "schema", ONBOARDING, 'id="escalated"', 'id="declined"', r"has an id that another"),
    Way(
        "a form that is no JSON",
        "schema",
        REVIEW,
        '"components": [',
        '"components": [,',
        r"review_application\.form: not JSON",
    ),
    Way(
        "a task without a job type",
        "lint",
        ONBOARDING,
        _TASK,
        "",
        r"engine-takes-it: escalate_review: Must have exactly one 'zeebe:taskDefinition'",
    ),
    Way(
        "an error reference that leads nowhere",
        "lint",
        ONBOARDING,
        'errorRef="error_kyc_rejected"',
        'errorRef="error_kyc_refused"',
        r"references-lead-somewhere: kyc_rejected: Its errorRef leads to 'error_kyc_refused', which does not exist",
    ),
    Way(
        "an expression that is none",
        "lint",
        ONBOARDING,
        "=credit_line_id != null",
        "=credit_line_id !=",
        r"expressions-can-be-parsed: is_credit_reserved_to_review_application: Its condition",
    ),
    Way(
        "a function that FEEL has not",
        "lint",
        ONBOARDING,
        'duration("PT24H") else duration(review_within)</bpmn',
        'duration("PT24H") else hours(review_within)</bpmn',
        r"functions-are-called-right: review_overdue: .* FEEL has no function 'hours'",
    ),
    Way(
        "a due date that is no date",
        "lint",
        ONBOARDING,
        '<zeebe:assignmentDefinition candidateGroups="sales-managers" />',
        '<zeebe:assignmentDefinition candidateGroups="sales-managers" /><zeebe:taskSchedule dueDate="tomorrow" />',
        r"timers-can-be-read: approve_discount: Its due date 'tomorrow' is no date",
    ),
    Way(
        "a condition on what nobody gives",
        "lint",
        ONBOARDING,
        "=credit_line_id != null",
        "=credit_line != null",
        r"variables-are-given: .* reads 'credit_line': nothing before it gives 'credit_line'",
    ),
    Way(
        "a condition that never holds",
        "lint",
        ONBOARDING,
        "=review_decision = &quot;approve&quot;",
        "=review_decision = &quot;approved&quot;",
        r"comparisons-can-hold: is_approved_to_is_discount_requested: .* can never be",
    ),
    Way(
        "an input that nothing gives",
        "lint",
        ONBOARDING_SAYS,
        "required: [account_id]\n      properties: {account_id: {type: string}, discount",
        "required: [account_number]\n      properties: {account_number: {type: string}, discount",
        r"jobs-get-what-they-need: send_welcome: .* needs 'account_number', which nothing before it gives",
    ),
    Way(
        "an input of a type that cannot fit",
        "lint",
        ONBOARDING_SAYS,
        "requested_credit: {type: number}}",
        "requested_credit: {type: string}}",
        r"jobs-get-what-fits: reserve_credit: 'requested_credit' .* it is a number, where a string is wanted",
    ),
    Way(
        "an error that nobody catches",
        "lint",
        ONBOARDING_SAYS,
        "description: Opens an account.",
        "description: Opens an account.\n    errors: [KYC_REJECTED]",
        r"errors-are-caught: create_account: Its error 'KYC_REJECTED' is not caught",
    ),
    Way(
        "a way for an error that nothing raises",
        "lint",
        ONBOARDING_SAYS,
        "errors: [CREDIT_REFUSED]",
        "errors: []",
        r"caught-errors-can-be-raised: credit_refused: Nothing that it catches from raises 'CREDIT_REFUSED'",
    ),
    Way(
        "an effect that nothing takes back",
        "lint",
        ONBOARDING_SAYS,
        "errors: [KYC_REJECTED]\n    effects: none",
        "errors: [KYC_REJECTED]",
        r"effects-can-be-undone: fetch_kyc_report: What it does outside is taken back by nothing",
    ),
    Way(
        "a second compensation handler",
        "lint",
        ONBOARDING,
        '<bpmn:association id="undo_order_note"',
        '<bpmn:association id="second" sourceRef="undo_create_account" targetRef="release_credit" />'
        '<bpmn:association id="undo_order_note"',
        r"one-handler-for-one-activity: .* It is in two compensation pairs",
    ),
    Way(
        "compensation of everything at once",
        "lint",
        ONBOARDING,
        ' activityRef="reserve_credit"',
        "",
        r"compensation-is-ordered: undo_credit: It undoes everything at once",
    ),
    Way(
        "a form that is not there",
        "lint",
        ONBOARDING,
        'formId="approve_discount"',
        'formId="grant_discount"',
        r"forms-are-there: approve_discount: Its form 'grant_discount' is not in the package",
    ),
    Way(
        "a form that shows what nobody gives",
        "lint",
        REVIEW,
        "{{kyc_report.risk_score}}",
        "{{kyc_report.risk}}",
        r"forms-show-what-is-given: review_application: .* 'kyc_report' has no 'risk'",
    ),
    Way(
        "a field that was renamed",
        "lint",
        DISCOUNT,
        '"key": "decision"',
        '"key": "verdict"',
        r"variables-are-given: approve_discount: Its output mapping to 'discount_decision' reads 'decision'",
    ),
    Way(
        "a user task for nobody",
        "lint",
        ONBOARDING,
        '<zeebe:assignmentDefinition candidateGroups="sales-managers" />',
        "",
        r"user-tasks-have-somebody: approve_discount: It is for nobody in particular",
        ((ONBOARDING_SAYS, "candidate_groups: [sales-managers]", "candidate_groups: []"),),
    ),
    Way(
        "a called process that is not there",
        "lint",
        ONBOARDING,
        _ESCALATED,
        _INSTEAD.format("callActivity", 'calledElement processId="hello_wrold"'),
        r"called-processes-are-there: escalated: It calls 'hello_wrold', which is not in the folder",
    ),
    Way(
        "a process that always calls itself",
        "lint",
        "hello_world/hello_world.bpmn",
        _GREETED,
        _INSTEAD.format("callActivity", 'calledElement processId="hello_world"').replace("escalated", "end"),
        r"called-processes-are-there: end: It calls 'hello_world', which always comes back",
    ),
    Way(
        "a decision that is not there",
        "lint",
        ONBOARDING,
        _ESCALATED,
        _INSTEAD.format("businessRuleTask", 'calledDecision decisionId="rank" resultVariable="rank"'),
        r"decisions-are-there: escalated: It calls the decision 'rank', and nothing says that the engine has it",
    ),
    Way(
        "an element that no way leads to",
        "lint",
        ONBOARDING,
        '<bpmn:sequenceFlow id="review_overdue_to_escalate_review" sourceRef="review_overdue" '
        'targetRef="escalate_review" />',
        "",
        r"every-element-is-reachable: escalate_review: No way leads here",
    ),
    Way(
        "a secret in the manifest",
        "lint",
        ONBOARDING_SAYS,
        "human_tasks:",
        "# api_key: 4f9a8c2e7b1d6f30\nhuman_tasks:",
        r"secrets-lie-elsewhere: It holds what looks like a secret",
    ),
    Way(
        "a model of another version than its manifest",
        "lint",
        ONBOARDING_SAYS,
        "version: 1.0.0",
        "version: 1.1.0",
        r"names-agree: customer_onboarding: Its version tag is 1\.0\.0, the manifest's version 1\.1\.0",
    ),
    Way(
        "a model for Camunda 7",
        "lint",
        ONBOARDING,
        'modeler:executionPlatform="Camunda Cloud" modeler:executionPlatformVersion="8.6.0"',
        'modeler:executionPlatform="Camunda Platform" modeler:executionPlatformVersion="7.20.0"',
        r"model-is-for-camunda-8: ",
    ),
    Way(
        "a test case that names what is gone",
        "lint",
        "hello_world/hello_world.bpmn",
        '<bpmn:endEvent id="end"',
        '<bpmn:endEvent id="logged"',
        r"package-is-readable: ASSERT_ELEMENT_INSTANCES: .*'end'",
        (
            ("hello_world/hello_world.bpmn", 'targetRef="end"', 'targetRef="logged"'),
            ("hello_world/hello_world.bpmn", 'bpmnElement="end"', 'bpmnElement="logged"'),
        ),
    ),
    Way(
        "a process that does something else than its test cases say",
        "scenarios",
        "hello_world/hello_world.bpmn",
        '<zeebe:taskDefinition type="hello.log-message" retries="3" />',
        '<zeebe:taskDefinition type="hello.log-message" retries="3" /><zeebe:ioMapping><zeebe:input '
        'source="=if 1 = 2 then message else null" target="message" /></zeebe:ioMapping>',
        r"a message is logged: .*the instance is COMPLETED.*an incident at log_message",
    ),
    Way(
        "a version that says other things than when it was published",
        "publish",
        ONBOARDING_SAYS,
        "Tells the reviewers that an application waits too long.",
        "Tells the reviewers that an application waits.",
        r"customer_onboarding 1\.0\.0 is published already, with other content",
    ),
    Way(
        "a version that goes back",
        "publish",
        ONBOARDING_SAYS,
        "version: 1.0.0",
        "version: 0.9.0",
        r"customer_onboarding 0\.9\.0 goes back: 1\.0\.0 is published",
        ((ONBOARDING, '<zeebe:versionTag value="1.0.0" />', '<zeebe:versionTag value="0.9.0" />'),),
    ),
    Way(
        "a breaking change that is called a small one",
        "publish",
        ONBOARDING_SAYS,
        "required: [applicant, requested_credit]\n  properties:",
        "required: [applicant, requested_credit, review_within]\n  properties:",
        r"customer_onboarding 1\.0\.1 is too low after 1\.0\.0: ",
        (
            (ONBOARDING_SAYS, "version: 1.0.0", "version: 1.0.1"),
            (ONBOARDING, '<zeebe:versionTag value="1.0.0" />', '<zeebe:versionTag value="1.0.1" />'),
        ),
    ),
    Way(
        "an action that the code has not",
        "deploy",
        ONBOARDING_SAYS,
        "description: Opens an account.",
        "description: Opens an account.\n    action: workers:open_account",
        r"The action 'workers:open_account' of job type 'accounts\.create' .* is not there",
        (
            (ONBOARDING_SAYS, "version: 1.0.0", "version: 1.0.1"),
            (ONBOARDING, '<zeebe:versionTag value="1.0.0" />', '<zeebe:versionTag value="1.0.1" />'),
        ),
    ),
    Way(
        "variables that are no longer what it starts with",
        "start",
        ONBOARDING_SAYS,
        'country: {type: string, pattern: "^[A-Z]{2}$"}',
        'country: {type: string, pattern: "^[A-Z]{3}$"}',
        r"Somebody ordinary: .*applicant\.country",
        (
            (ONBOARDING_SAYS, "version: 1.0.0", "version: 2.0.0"),
            (ONBOARDING, '<zeebe:versionTag value="1.0.0" />', '<zeebe:versionTag value="2.0.0" />'),
        ),
    ),
    Way(
        "a step of a case without its kind",
        "schema",
        EXPENSES,
        "    kind: decision",
        "    sort: decision",
        r"case\.yaml:\d+: .*steps\.1: .*'kind'",
    ),
    Way(
        "a transition of a case to nowhere",
        "lint",
        EXPENSES,
        "to: over_the_limit}",
        "to: under_the_limit}",
        r"case-transitions-lead-somewhere: ",
    ),
    Way(
        "an outcome of a case without a transition",
        "lint",
        EXPENSES,
        "outcome: petty,",
        "outcome: tiny,",
        r"case-decisions-lead-on: ",
    ),
)
