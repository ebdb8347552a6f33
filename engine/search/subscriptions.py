"""What can be searched of those who wait for messages.

Source: https://docs.camunda.io/docs/apis-tools/orchestration-cluster-api-rest/ (subscriptions of start events: 8.10)
"""

from __future__ import annotations

from zeebe_fleet.engine.search.entities import DEFINITION, OF_ELEMENT, ROOT, TENANT, Entity, Field, Kind

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
        ROOT,
        TENANT,
    ),
)
