"""Results against Camunda Forms."""

from __future__ import annotations

from typing import Any

import pytest

from zeebe_fleet.graphql_api.forms import fields_of, form_errors

YES_NO = [{"label": "Yes", "value": "yes"}, {"label": "No", "value": "no"}]


def wrong(component: dict[str, Any], value: Any, data: dict[str, Any] | None = None) -> str:
    """Return what is wrong with one field's value."""
    form = {"components": [{"type": "group", "components": [{"key": "f", **component}]}]}
    return " ".join(one.message for one in form_errors(form, data or {}, {"f": value}))


@pytest.mark.parametrize(
    ("component", "value"),
    [
        ({"type": "textfield"}, 1),
        ({"type": "textfield", "validate": {"required": True}}, ""),
        ({"type": "textfield", "validate": {"minLength": 3}}, "ab"),
        ({"type": "textarea", "validate": {"maxLength": "3"}}, "abcd"),
        ({"type": "textfield", "validate": {"pattern": "^[A-Z]+$"}}, "abc"),
        ({"type": "textfield", "validate": {"validationType": "email"}}, "nobody"),
        ({"type": "number"}, "5"),
        ({"type": "number"}, True),
        ({"type": "number", "validate": {"min": 1}}, 0),
        ({"type": "number", "validate": {"max": "20"}}, 21),
        ({"type": "number", "decimalDigits": 1}, 1.25),
        ({"type": "checkbox"}, "true"),
        ({"type": "checkbox", "validate": {"required": True}}, False),
        ({"type": "radio", "values": YES_NO}, "maybe"),
        ({"type": "select", "values": YES_NO, "validate": {"required": True}}, None),
        ({"type": "checklist", "values": YES_NO}, ["yes", "maybe"]),
        ({"type": "taglist", "values": YES_NO}, "yes"),
        ({"type": "datetime", "subtype": "date"}, "31.12.2026"),
        ({"type": "datetime", "subtype": "time"}, 12),
    ],
)
def test_a_value_that_does_not_fit_is_told(component: dict[str, Any], value: Any) -> None:
    """Every rule of the form is checked again by the API."""
    assert wrong(component, value)


@pytest.mark.parametrize(
    ("component", "value"),
    [
        ({"type": "textfield"}, None),
        ({"type": "textfield", "validate": {"required": True}, "disabled": True}, None),
        ({"type": "textfield", "validate": {"required": True}, "conditional": {"hide": "=x"}}, None),
        ({"type": "number", "validate": {"min": 0, "max": 20}}, 0),
        ({"type": "number", "decimalDigits": 2}, 0.1),
        ({"type": "number", "serializeToString": True}, "12.50"),
        ({"type": "checkbox"}, False),
        ({"type": "radio", "values": YES_NO}, "no"),
        ({"type": "select", "valuesExpression": "=x"}, "anything"),
        ({"type": "checklist", "values": YES_NO}, ["no", "yes"]),
        ({"type": "datetime", "subtype": "datetime"}, "2026-12-31T10:00:00Z"),
        ({"type": "button", "action": "submit"}, 1),
    ],
)
def test_a_value_that_fits_passes(component: dict[str, Any], value: Any) -> None:
    """What the form allows, or what only the page can know, is not refused."""
    assert wrong(component, value) == ""


def test_choices_may_come_from_the_data() -> None:
    """`valuesKey` names a variable that holds them."""
    component = {"type": "select", "valuesKey": "offers"}
    assert wrong(component, "b", {"offers": [{"value": "a"}, "b"]}) == ""
    assert wrong(component, "c", {"offers": ["a", "b"]})


def test_dotted_keys_lead_into_objects() -> None:
    """form-js writes `a.b` as an object in an object."""
    form = {"components": [{"type": "number", "key": "a.b", "validate": {"required": True}}]}
    assert form_errors(form, {}, {"a": {"b": 1}}) == []
    assert form_errors(form, {}, {"a": 1})


def test_no_form_accepts_everything() -> None:
    """There is nothing to check against."""
    assert form_errors(None, {}, {"anything": 1}) == []


ODD = (None, True, 7, -(10**9), "x", ["x"], {"x": 1}, [{"components": "x"}])


@pytest.mark.parametrize(
    "name", ["type", "key", "validate", "values", "valuesKey", "decimalDigits", "subtype", "disabled"]
)
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_form_ends_nothing(name: str, odd: Any) -> None:
    """An engine may hand out any form; what cannot be checked in it is not, and its activity can be completed."""
    for kind in ("textfield", "number", "checkbox", "select", "checklist", "datetime"):
        component = {"type": kind, "key": "f", name: odd}
        for form in (
            {"components": [component, odd]},
            {"components": odd},
            {"components": [{"type": "group", "components": [component]}]},
        ):
            for value in (None, "2026-01-01", 5, 1.5, True, ["a"], {"a": 1}):
                form_errors(form, {"x": ["a"]}, {"f": value})


def test_groups_in_groups_are_read_in_order_however_deep() -> None:
    """Fields come as they are written; a thousand groups are no trouble."""
    form: dict[str, Any] = {"components": [{"type": "textfield", "key": "last"}]}
    for _ in range(5_000):
        form = {"components": [{"type": "textfield", "key": "one"}, {"type": "group", **form}]}
    keys = [one["key"] for one in fields_of(form)]
    assert (len(keys), keys[0], keys[-1]) == (5_001, "one", "last")
