"""What can be searched: each entity's fields, as REST names them, and where the index has them.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/ (each search's page, 8.8 and 8.9)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from zeebe_fleet.engine.core.jobs import KINDS, LISTENER_EVENTS
from zeebe_fleet.engine.core.state import DEFAULT_TENANT
from zeebe_fleet.engine.search.rows import BODY
from zeebe_fleet.engine.search.schema import VARIABLE_KEYS

Since = tuple[int, int]
MAX_VALUE = 8_191
"""Characters of a variable's value that a search shows, unless it is told not to cut."""
FIRST: Since = (8, 8)
NINE: Since = (8, 9)


class Kind(Enum):
    """What a field's values are."""

    KEY = "a key"
    TEXT = "a string"
    STATE = "one of a few words"
    NUMBER = "an integer"
    TIME = "a date and time"
    FLAG = "a boolean"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Args:
        sql: what it is in the entity's rows.
        since: the version it came with.
        shown: whether an item has it; else it only filters.
        found: whether it filters and sorts.
        each: of one of a list, the list; `sql` is then one of its entries.
        sought: what it is where a filter asks for it, if that is quicker told of many rows.
        inside: of something that belongs to the row, what stands between FROM and the condition on it; what one
            filter asks inside of the same holds of one of them.
    """

    name: str
    kind: Kind
    sql: str
    since: Since = FIRST
    shown: bool = True
    found: bool = True
    each: str = ""
    inside: str = ""
    sought: str = ""

    @property
    def sorts(self) -> bool:
        """Whether rows can be ordered by it."""
        return self.found and not self.each and not self.inside


@dataclass(frozen=True)
class Entity:
    """One kind of thing.

    Args:
        label: in the sentence that there is none: `Process Instance`.
        source: what follows FROM.
        row: the columns that name a row there, and order what nothing else does; of the table that comes first.
        key: the field that names one.
        only: what holds of all of them.
        has_or: whether its filter takes `$or`.
        variables: what its filter takes variables by, and in which scope they are.
    """

    label: str
    source: str
    row: tuple[str, ...]
    key: str
    fields: tuple[Field, ...]
    only: str = "1"
    has_or: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)

    def of(self, version: Since) -> Mapping[str, Field]:
        """Return the fields that a version has, by name."""
        return {one.name: one for one in self.fields if one.since <= version}


TENANT = Field("tenantId", Kind.TEXT, f"'{DEFAULT_TENANT}'")
DEFINITION = (
    Field("processDefinitionId", Kind.TEXT, "d.process_id"),
    Field("processDefinitionKey", Kind.KEY, "d.key"),
)
_OF_INSTANCE = "JOIN process_instance p ON p.key = {0}.process_instance_key JOIN definition d ON d.key = {1}"
OF_ELEMENT = " LEFT JOIN element_instance e ON e.key = {0}.instance_key " + _OF_INSTANCE.format(
    "{0}", "coalesce(e.definition_key, p.definition_key)"
)
_ELEMENT_ID = "coalesce(e.element_id, d.process_id)"
"""A process has no element instance of its own, and may have listeners and incidents."""
ROOT = Field("rootProcessInstanceKey", Kind.KEY, "p.root_key", NINE)
_INCIDENT = "(SELECT i.key FROM incident i WHERE i.instance_key = e.key AND i.state = 'ACTIVE')"
_SOME_STUCK = (
    "p.key IN (WITH RECURSIVE stuck (key) AS (SELECT process_instance_key FROM incident WHERE state = 'ACTIVE'"
    " UNION SELECT c.parent_key FROM stuck JOIN process_instance c ON c.key = stuck.key WHERE c.parent_key IS NOT NULL)"
    " SELECT key FROM stuck)"
)
_STUCK = (
    "EXISTS (WITH RECURSIVE inner_ (key) AS (SELECT p.key UNION SELECT c.key FROM process_instance c"
    " JOIN inner_ ON c.parent_key = inner_.key)"
    " SELECT 1 FROM incident i JOIN inner_ ON i.process_instance_key = inner_.key WHERE i.state = 'ACTIVE')"
)


_ELEMENTS_INSIDE = "element_instance c WHERE c.process_instance_key = p.key"
_INCIDENTS_INSIDE = "incident c WHERE c.state = 'ACTIVE' AND c.process_instance_key = p.key"
_RETRIES_LEFT = "EXISTS (SELECT 1 FROM job c WHERE c.process_instance_key = p.key AND c.failed_with_retries)"
_ELEMENT_STUCK = (
    "EXISTS (SELECT 1 FROM incident i WHERE i.process_instance_key = p.key AND i.instance_key = c.key"
    " AND i.state = 'ACTIVE')"
)


def _word(column: str, words: tuple[str, ...]) -> str:
    cases = " ".join(f"WHEN {number} THEN '{word}'" for number, word in enumerate(words))
    return f"CASE {column} {cases} END"


PROCESS_DEFINITIONS = Entity(
    "Process Definition",
    "definition d",
    ("d.key",),
    "processDefinitionKey",
    (
        Field("name", Kind.TEXT, "d.name"),
        Field("resourceName", Kind.TEXT, "d.resource_name"),
        Field("version", Kind.NUMBER, "d.version"),
        Field("versionTag", Kind.TEXT, "d.version_tag"),
        *DEFINITION,
        TENANT,
        Field("hasStartForm", Kind.FLAG, "(d.start_form_id IS NOT NULL)"),
        Field("state", Kind.STATE, "'ACTIVE'", NINE),
        Field(
            "isLatestVersion",
            Kind.FLAG,
            "NOT EXISTS (SELECT 1 FROM definition o WHERE o.process_id = d.process_id"
            " AND o.version > d.version AND NOT o.deleted)",
            shown=False,
        ),
    ),
    only="NOT d.deleted",
)

PROCESS_INSTANCES = Entity(
    "Process Instance",
    "process_instance p JOIN definition d ON d.key = p.definition_key",
    ("p.key",),
    "processInstanceKey",
    (
        Field("processInstanceKey", Kind.KEY, "p.key"),
        DEFINITION[0],
        Field("processDefinitionName", Kind.TEXT, "d.name"),
        Field("processDefinitionVersion", Kind.NUMBER, "d.version"),
        Field("processDefinitionVersionTag", Kind.TEXT, "d.version_tag"),
        DEFINITION[1],
        Field("parentProcessInstanceKey", Kind.KEY, "p.parent_key"),
        Field("parentElementInstanceKey", Kind.KEY, "p.caller_key"),
        Field("startDate", Kind.TIME, "p.started_ms"),
        Field("endDate", Kind.TIME, "p.ended_ms"),
        Field("state", Kind.STATE, "p.state"),
        Field("hasIncident", Kind.FLAG, _STUCK, sought=_SOME_STUCK),
        Field("tags", Kind.JSON, "'[]'", found=False),
        Field("businessId", Kind.TEXT, "NULL", NINE),
        Field("batchOperationId", Kind.TEXT, "NULL", shown=False),
        Field("elementId", Kind.TEXT, "c.element_id", shown=False, inside=_ELEMENTS_INSIDE),
        Field("elementInstanceState", Kind.STATE, "c.state", shown=False, inside=_ELEMENTS_INSIDE),
        Field("hasElementInstanceIncident", Kind.FLAG, _ELEMENT_STUCK, shown=False, inside=_ELEMENTS_INSIDE),
        Field("errorMessage", Kind.TEXT, "c.message", shown=False, inside=_INCIDENTS_INSIDE),
        Field("incidentErrorHashCode", Kind.NUMBER, "hash_code(c.message)", shown=False, inside=_INCIDENTS_INSIDE),
        Field("hasRetriesLeft", Kind.FLAG, _RETRIES_LEFT, shown=False),
        ROOT,
        TENANT,
    ),
    has_or=True,
    variables={"variables": "p.key"},
)

ELEMENT_INSTANCES = Entity(
    "Element Instance",
    "element_instance e "
    + _OF_INSTANCE.format("e", "e.definition_key")
    + " LEFT JOIN node n ON n.definition_key = e.definition_key AND n.element_id = e.element_id",
    ("e.key",),
    "elementInstanceKey",
    (
        Field("elementInstanceKey", Kind.KEY, "e.key"),
        Field("processInstanceKey", Kind.KEY, "e.process_instance_key"),
        *DEFINITION,
        Field("startDate", Kind.TIME, "e.started_ms"),
        Field("endDate", Kind.TIME, "e.ended_ms"),
        Field("elementId", Kind.TEXT, "e.element_id"),
        Field("elementName", Kind.TEXT, "coalesce(n.name, e.element_id)"),
        Field("type", Kind.STATE, f"CASE e.body WHEN 1 THEN '{BODY}' ELSE coalesce(n.type, 'UNSPECIFIED') END"),
        Field("state", Kind.STATE, "e.state"),
        Field("hasIncident", Kind.FLAG, f"({_INCIDENT} IS NOT NULL)"),
        Field("incidentKey", Kind.KEY, _INCIDENT),
        Field("elementInstanceScopeKey", Kind.KEY, "e.scope_key", shown=False),
        ROOT,
        TENANT,
    ),
)

JOBS = Entity(
    "Job",
    "job j" + OF_ELEMENT.format("j"),
    ("j.key",),
    "jobKey",
    (
        Field("jobKey", Kind.KEY, "j.key"),
        Field("type", Kind.TEXT, "j.type"),
        Field("worker", Kind.TEXT, "j.worker"),
        Field("state", Kind.STATE, "j.state"),
        Field("kind", Kind.STATE, _word("j.kind", KINDS)),
        Field("listenerEventType", Kind.STATE, _word("j.kind", LISTENER_EVENTS)),
        Field("retries", Kind.NUMBER, "j.retries"),
        Field("isDenied", Kind.FLAG, "j.denied"),
        Field("deniedReason", Kind.TEXT, "j.denied_reason"),
        Field("hasFailedWithRetriesLeft", Kind.FLAG, "j.failed_with_retries"),
        Field("errorCode", Kind.TEXT, "j.error_code"),
        Field("errorMessage", Kind.TEXT, "j.error_message"),
        Field("customHeaders", Kind.JSON, "j.headers", found=False),
        Field("deadline", Kind.TIME, "j.deadline_ms"),
        Field("endTime", Kind.TIME, "j.ended_ms"),
        Field("creationTime", Kind.TIME, "j.created_ms", NINE),
        Field("lastUpdateTime", Kind.TIME, "j.updated_ms", NINE),
        *DEFINITION,
        Field("processInstanceKey", Kind.KEY, "j.process_instance_key"),
        Field("elementId", Kind.TEXT, _ELEMENT_ID),
        Field("elementInstanceKey", Kind.KEY, "j.instance_key"),
        ROOT,
        TENANT,
    ),
)

USER_TASKS = Entity(
    "User Task",
    "user_task t"
    + OF_ELEMENT.format("t")
    + " LEFT JOIN node n ON n.definition_key = e.definition_key AND n.element_id = e.element_id",
    ("t.key",),
    "userTaskKey",
    (
        Field("userTaskKey", Kind.KEY, "t.key"),
        Field("name", Kind.TEXT, "coalesce(n.name, e.element_id)"),
        Field("state", Kind.STATE, "t.state"),
        Field("assignee", Kind.TEXT, "t.assignee"),
        Field("elementId", Kind.TEXT, "e.element_id"),
        Field("elementInstanceKey", Kind.KEY, "t.instance_key"),
        Field("candidateGroups", Kind.JSON, "t.candidate_groups", found=False),
        Field("candidateGroup", Kind.TEXT, "l.value", shown=False, each="t.candidate_groups"),
        Field("candidateUsers", Kind.JSON, "t.candidate_users", found=False),
        Field("candidateUser", Kind.TEXT, "l.value", shown=False, each="t.candidate_users"),
        Field("dueDate", Kind.TIME, "t.due_ms"),
        Field("followUpDate", Kind.TIME, "t.follow_up_ms"),
        Field("creationDate", Kind.TIME, "t.created_ms"),
        Field("completionDate", Kind.TIME, "t.ended_ms"),
        Field("customHeaders", Kind.JSON, "t.headers", found=False),
        Field("externalFormReference", Kind.TEXT, "t.external_reference", found=False),
        Field("formKey", Kind.KEY, "t.form_key", found=False),
        Field("priority", Kind.NUMBER, "t.priority"),
        Field("processDefinitionVersion", Kind.NUMBER, "d.version", found=False),
        Field("processName", Kind.TEXT, "coalesce(d.name, d.process_id)", found=False),
        Field("tags", Kind.JSON, "'[]'", found=False),
        *DEFINITION,
        Field("processInstanceKey", Kind.KEY, "t.process_instance_key"),
        ROOT,
        TENANT,
    ),
    variables={"processInstanceVariables": "p.key", "localVariables": "e.key"},
)

INCIDENTS = Entity(
    "Incident",
    "incident i" + OF_ELEMENT.format("i"),
    ("i.key",),
    "incidentKey",
    (
        Field("incidentKey", Kind.KEY, "i.key"),
        *DEFINITION,
        Field("errorType", Kind.STATE, "i.type"),
        Field("errorMessage", Kind.TEXT, "i.message"),
        Field("elementId", Kind.TEXT, _ELEMENT_ID),
        Field("creationTime", Kind.TIME, "i.created_ms"),
        Field("state", Kind.STATE, "i.state"),
        Field("processInstanceKey", Kind.KEY, "i.process_instance_key"),
        Field("elementInstanceKey", Kind.KEY, "i.instance_key"),
        Field("jobKey", Kind.KEY, "i.job_key"),
        ROOT,
        TENANT,
    ),
)

VARIABLES = Entity(
    "Variable",
    "variable v JOIN process_instance p ON p.key = v.process_instance_key",
    ("v.id",),
    "variableKey",
    (
        Field("variableKey", Kind.KEY, f"(v.id + {VARIABLE_KEYS})"),
        Field("name", Kind.TEXT, "v.name"),
        Field("value", Kind.TEXT, "v.value"),
        Field("isTruncated", Kind.FLAG, f"(length(v.value) > {MAX_VALUE})", shown=False),
        Field("scopeKey", Kind.KEY, "v.scope_key"),
        Field("processInstanceKey", Kind.KEY, "v.process_instance_key"),
        ROOT,
        TENANT,
    ),
)
