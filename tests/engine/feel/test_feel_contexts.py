"""Contexts, function literals and calls; the values were seen on Camunda's engine 1.20.

Source: https://docs.camunda.io/docs/components/modeler/feel/builtin-functions/feel-built-in-functions-context/
"""

from __future__ import annotations

import pytest

from tests.engine.feel.evaluation import shown

CASES = [
    ("{a: 1, b: 2}.b", "2"),
    ("{a: 1, b: a * 2, c: b * 2}", "{a:1, b:2, c:4}"),
    ("{a: 1, a: 2}", "{a:2}"),
    ("{a: {b: 1}, c: a.b + 1}", "{a:{b:1}, c:2}"),
    ("{a: n, n: 5, b: n}", "{a:3, n:5, b:5}"),
    ("{n: n + 1}", "{n:4}"),
    ("{a: b, b: 1}", "{a:true, b:1}"),
    ("{a: [1,2], b: count(a)}", "{a:[1, 2], b:2}"),
    ("{a: 1}.a + 1", "2"),
    ("{f: function(x) x + 1, r: f(2)}.r", "3"),
    ("{f: function(x, y) x - y, r: f(y: 1, x: 5)}.r", "4"),
    ("{f: function(x) x, r: f(1, 2)}.r", "null"),
    ("{f: function(x) x, r: f()}.r", "null"),
    ("{f: function(x) x, r: f(z: 1)}.r", "null"),
    ("{f: function() 7, r: f()}.r", "7"),
    ("{f: function(x) x + n, r: f(1)}.r", "4"),
    ("{k: 10, f: function(x) x + k, r: f(1)}.r", "11"),
    ("{f: function(x) if x <= 0 then 0 else f(x - 1), r: f(3)}.r", "null"),
    ("{f: function(x) x * 2, r: for i in [1,2] return f(i)}.r", "[2, 4]"),
    ("{f: function(x) x > 1, r: [1,2,3][f(item)]}.r", "[2, 3]"),
    ("{f: function(a, b) a, r: f(b: 1)}.r", "null"),
    ("{o: {f: function(x) x + 1}, r: o.f(1)}.r", "2"),
    ("{o: {f: function(x) x + 1}, r: o.g(1)}.r", "failed"),
    ("{count: function(x) 99, r: count(5)}.r", "99"),
    ("{count: function(x) 99, r: count([1,2])}.r", "99"),
    ("{my f: function(x) x, r: my f(3)}.r", "3"),
    ("(function(x) x + 1)(2)", "refused"),
    ("unknown(1)", "null"),
    ("unknown thing(1)", "null"),
    ("count(unknown: [1])", "null"),
    ("count()", "null"),
    ('get value({a: 1}, "a")', "1"),
    ('get value({a: 1}, "b")', "null"),
    ('get value({a: {b: {c: 3}}}, ["a", "b", "c"])', "3"),
    ('get value({a: {b: 1}}, ["a", "x"])', "null"),
    ('get value({a: 1}, ["a", "b"])', "null"),
    ("get value({a: 1}, [])", "null"),
    ("get value({a: 1}, [1])", "null"),
    ("get value({a: 1}, 1)", "null"),
    ('get value(null, "a")', "null"),
    ('get value(context: {a: 1}, key: "a")', "1"),
    ('get value(m: {a: 1}, key: "a")', "1"),
    ('get value(context: {a: 1}, keys: ["a"])', "1"),
    ("get entries({a: 1, b: 2})", '[{key:"a", value:1}, {key:"b", value:2}]'),
    ("get entries({})", "[]"),
    ("get entries(null)", "null"),
    ("get entries(1)", "null"),
    ("for e in get entries({a: 1, b: 2}) return e.value", "[1, 2]"),
    ('get entries({foo: 123})[key = "foo"].value', "[123]"),
    ('context put({a: 1}, "b", 2)', "{a:1, b:2}"),
    ('context put({a: 1}, "a", 2)', "{a:2}"),
    ('context put({}, "a", null)', "{a:null}"),
    ('context put({a: 1}, ["b"], 2)', "{a:1, b:2}"),
    ('context put({a: 1, b: {c: 2}}, ["b", "c"], 3)', "{a:1, b:{c:3}}"),
    ('context put({a: 1, b: {c: 2}}, ["b", "d"], 3)', "{a:1, b:{c:2, d:3}}"),
    ('context put({a: 1}, ["b", "c"], 3)', "{a:1, b:{c:3}}"),
    ('context put({a: 1}, ["a", "c"], 3)', "{a:{c:3}}"),
    ("context put({a: 1}, [], 3)", "null"),
    ("context put({a: 1}, [1], 3)", "null"),
    ("context put({a: 1}, 1, 3)", "null"),
    ('context put(null, "a", 1)', "null"),
    ('context put(context: {a: 1}, key: "b", value: 2)', "{a:1, b:2}"),
    ('context put(context: {a: 1}, keys: ["b"], value: 2)', "{a:1, b:2}"),
    ('put({a: 1}, "b", 2)', "{a:1, b:2}"),
    ("context merge({a: 1}, {b: 2})", "{a:1, b:2}"),
    ("context merge({a: 1}, {a: 2, c: 3})", "{a:2, c:3}"),
    ("context merge([{a: 1}, {b: 2}])", "{a:1, b:2}"),
    ("context merge([])", "{}"),
    ("context merge({a: 1}, null)", "null"),
    ("context merge({a: 1}, 1)", "null"),
    ("put all({a: 1}, {b: 2})", "{a:1, b:2}"),
    ('context([{key: "a", value: 1}, {key: "b", value: 2}])', "{a:1, b:2}"),
    ('context([{key: "a", value: 1}, {key: "a", value: 2}])', "{a:2}"),
    ("context([])", "{}"),
    ('context([{key: "a"}])', "null"),
    ("context([{key: 1, value: 1}])", "null"),
    ("context([{value: 1}])", "null"),
    ("context([1])", "null"),
    ("context(null)", "null"),
]


@pytest.mark.parametrize(("expression", "expected"), CASES)
def test_context_function_answers(expression: str, expected: str) -> None:
    """Contexts are read and built, functions called."""
    assert shown(expression) == expected
