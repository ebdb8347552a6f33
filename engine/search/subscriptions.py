"""What can be searched of those who wait for messages.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/. Those of start events, and
extension properties, are told from 8.10 on; the official client of 8.9 wants to see the fields.
"""

from __future__ import annotations

from zeebe_fleet.engine.search.entities import DEFINITION, NINE, OF_ELEMENT, ROOT, TENANT, Entity, Field, Kind

MESSAGE_SUBSCRIPTIONS = Entity(
    "Message Subscription",
    "message_subscription s" + OF_ELEMENT.format("s"),
    ("s.key",),
    "messageSubscriptionKey",
    (
        Field("messageSubscriptionKey", Kind.KEY, "s.key"),
        *DEFINITION,
        Field("processInstanceKey", Kind.KEY, "s.process_instance_key"),
        Field("elementId", Kind.TEXT, "s.element_id"),
        Field("elementInstanceKey", Kind.KEY, "s.instance_key"),
        Field("messageSubscriptionState", Kind.STATE, "s.state"),
        Field("lastUpdatedDate", Kind.TIME, "s.updated_ms"),
        Field("messageName", Kind.TEXT, "s.name"),
        Field("correlationKey", Kind.TEXT, "s.correlation"),
        Field("messageSubscriptionType", Kind.STATE, "'PROCESS_EVENT'", NINE),
        Field("processDefinitionName", Kind.TEXT, "d.name", NINE),
        Field("processDefinitionVersion", Kind.NUMBER, "d.version", NINE),
        Field("extensionProperties", Kind.JSON, "'{}'", NINE, found=False),
        Field("toolName", Kind.TEXT, "NULL", NINE),
        Field("inboundConnectorType", Kind.TEXT, "NULL", NINE),
        ROOT,
        TENANT,
    ),
)
