"""Puts the decisions around the resolvers, by the rule of each field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from inspect import isawaitable
from typing import Any

from graphql import GraphQLField, GraphQLSchema, default_field_resolver, get_named_type

from zeebe_fleet.graphql_api.policy.decisions import Policy
from zeebe_fleet.graphql_api.policy.rules import Rule, fields_of, rule_of
from zeebe_fleet.workers.contract.errors import FleetError
from zeebe_fleet.workers.contract.principal import OPERATOR_ROLE

Resolver = Callable[..., Any]
_SUBSCRIPTION = "Subscription"


def guard(schema: GraphQLSchema, others: Collection[str] = ()) -> None:
    """Put every field of a schema behind its rule.

    Args:
        others: types of an app's own data, and `Query.<field>` for what reads them; they have roles of their own.

    Raises:
        FleetError: a field has no rule.
    """
    for type_name, field_name in fields_of(schema):
        if type_name in others or f"{type_name}.{field_name}" in others:
            continue
        rule = rule_of(type_name, field_name)
        if rule is None:
            raise FleetError(
                f"Nobody has said who may read {type_name}.{field_name}.",
                "Give it a rule in zeebe_fleet.graphql_api.policy.rules.",
            )
        field: GraphQLField = schema.type_map[type_name].fields[field_name]  # type: ignore[attr-defined]
        field.resolve = _guarded(field, rule, type_name)


def _guarded(field: GraphQLField, rule: Rule, type_name: str) -> Resolver | None:
    resolve = field.resolve or default_field_resolver
    match rule:
        case Rule.DATA:
            return _data(resolve)
        case Rule.OVERVIEW:
            return _overview(resolve)
        case Rule.COUNTED:
            return _counted(resolve)
        case Rule.OPERATORS:
            return _operators(resolve)
        case Rule.SEEN if type_name != _SUBSCRIPTION:
            return _seen(resolve, get_named_type(field.type).name)
    return field.resolve


def _data(resolve: Resolver) -> Resolver:
    def data(source: Any, info: Any, **arguments: Any) -> Any:
        return resolve(source, info, **arguments) if source.may_read_data else None

    return data


def _overview(resolve: Resolver) -> Resolver:
    def overview(source: Any, info: Any, **arguments: Any) -> Any:
        return resolve(source, info, **arguments) if info.context.policy.sees_all_of(source.process_name) else []

    return overview


def _counted(resolve: Resolver) -> Resolver:
    def counted(source: Any, info: Any, **arguments: Any) -> Any:
        head, policy = source.record.head, info.context.policy
        counts = policy.counts(source.process_name, head.access if head else None)
        return resolve(source, info, **arguments) if counts else None

    return counted


def _operators(resolve: Resolver) -> Resolver:
    def operators(source: Any, info: Any, **arguments: Any) -> Any:
        info.context.policy.check_roles(OPERATOR_ROLE)
        return resolve(source, info, **arguments)

    return operators


def _seen(resolve: Resolver, type_name: str) -> Resolver:
    sees = _SEES.get(type_name)
    if sees is None:
        return resolve

    def seen(source: Any, info: Any, **arguments: Any) -> Any:
        found, policy = resolve(source, info, **arguments), info.context.policy
        return _later(found, policy, sees) if isawaitable(found) else _let_through(found, policy, sees)

    return seen


async def _later(found: Awaitable[Any], policy: Policy, sees: Callable[[Policy, Any], bool]) -> Any:
    return _let_through(await found, policy, sees)


def _let_through(found: Any, policy: Policy, sees: Callable[[Policy, Any], bool]) -> Any:
    if isinstance(found, list):
        return [one for one in found if sees(policy, one.record)]
    return found if found is not None and sees(policy, found.record) else None


_SEES: dict[str, Callable[[Policy, Any], bool]] = {
    "Workflow": lambda policy, record: policy.sees_workflow(record),
    "Activity": lambda policy, record: policy.sees_activity(record),
}
"""Of the types that somebody may not see one by one."""
