"""Calls of built-in functions and of function literals, with arguments by position or by name.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-functions/
"""

from __future__ import annotations

from typing import Any

from zeebe_fleet.engine.feel import syntax
from zeebe_fleet.engine.feel.builtins.signatures import BUILTINS, Builtin
from zeebe_fleet.engine.feel.comparing import part
from zeebe_fleet.engine.feel.compiler import Compiler, compiles, span_code
from zeebe_fleet.engine.feel.limits import CHARACTERS_A_STEP, FeelFailure, Run
from zeebe_fleet.engine.feel.pattern_classes import UnfitPattern
from zeebe_fleet.engine.feel.patterns import problem_of
from zeebe_fleet.engine.feel.values import Code, Function, Lookup

_WITH_PATTERNS = frozenset(("matches", "replace", "split", "extract"))
_Arguments = dict[str, Code] | list[Code]


@compiles(syntax.Call)
def _call(compiler: Compiler, tree: syntax.Call, bound: frozenset[str]) -> Code:
    compiler.runs = True
    arguments: _Arguments
    if tree.named is None:
        arguments = [_argument(compiler, value, bound) for value in tree.arguments]
    else:
        arguments = {name: _argument(compiler, value, bound) for name, value in tree.named}
    if tree.base is not None:
        return _qualified(compiler.code(tree.base, bound), tree.name, arguments)
    builtin = None if tree.name in bound else _builtin(tree.name, arguments)
    if builtin is not None:
        compiler.unfit += _unfit(tree, builtin)
        return _built_in(builtin, _ordered(builtin.params, arguments))
    if tree.name not in bound and tree.name not in BUILTINS:
        compiler.names.add(tree.name)
    return _dynamic(tree.name, arguments, _builtin(tree.name, arguments))


def _unfit(tree: syntax.Call, builtin: Builtin) -> list[UnfitPattern]:
    """Look at a pattern that stands in the expression itself."""
    if tree.name not in _WITH_PATTERNS:
        return []
    written = tree.named if tree.named is not None else zip(builtin.params, tree.arguments, strict=False)
    given = {name: value.value for name, value in written if isinstance(value, syntax.Constant)}
    pattern = given.get("pattern", given.get("delimiter"))
    problem = problem_of(pattern, str(given.get("flags") or "")) if isinstance(pattern, str) else None
    return [] if problem is None else [problem]


def _argument(compiler: Compiler, tree: Any, bound: frozenset[str]) -> Code:
    return span_code(compiler, tree, bound) if isinstance(tree, syntax.Span) else compiler.code(tree, bound)


def _builtin(name: str, arguments: _Arguments) -> Builtin | None:
    for builtin in BUILTINS.get(name, ()):
        if isinstance(arguments, dict):
            if arguments.keys() <= set(builtin.params):
                return builtin
        elif len(arguments) == len(builtin.params) or (builtin.varargs and len(arguments) > len(builtin.params)):
            return builtin
    return None


def _null(look: Lookup, run: Run) -> Any:
    return None


def _ordered(params: tuple[str, ...], arguments: _Arguments) -> list[Code]:
    if isinstance(arguments, list):
        return arguments
    return [arguments.get(param, _null) for param in params]


def _built_in(builtin: Builtin, arguments: list[Code]) -> Code:
    function, kinds, fixed = builtin.function, builtin.kinds, len(builtin.params) - 1
    wants_run, varargs = builtin.wants_run, builtin.varargs

    def code(look: Lookup, run: Run) -> Any:
        values = [argument(look, run) for argument in arguments]
        if varargs:
            values[fixed:] = [_collected(values[fixed:], fixed)]
        _charge(values, run)
        for value, kind in zip(values, kinds, strict=True):
            if kind is not None and type(value) not in kind:
                return None
        result = function(run, *values) if wants_run else function(*values)
        if type(result) is list or type(result) is str:
            _charge([result], run)
        return result

    return code


def _collected(values: list[Any], fixed: int) -> list[Any]:
    if len(values) == 1 and fixed == 0 and type(values[0]) is list:
        return list(values[0])
    return values


def _charge(values: list[Any], run: Run) -> None:
    steps = 1
    for value in values:
        kind = type(value)
        if kind is list:
            steps += len(value)
        elif kind is str:
            steps += len(value) // CHARACTERS_A_STEP
        elif kind is dict:
            steps += len(value)
    run.spend(steps)


def _dynamic(name: str, arguments: _Arguments, builtin: Builtin | None) -> Code:
    otherwise = _null if builtin is None else _built_in(builtin, _ordered(builtin.params, arguments))

    def code(look: Lookup, run: Run) -> Any:
        function = look(name)
        if type(function) is not Function or not _fit(function, arguments):
            return otherwise(look, run)
        return _invoke(function, arguments, look, run)

    return code


def _qualified(base: Code, name: str, arguments: _Arguments) -> Code:
    def code(look: Lookup, run: Run) -> Any:
        function = part(base(look, run), name)
        if type(function) is not Function or not _fit(function, arguments):
            raise FeelFailure(f"No function found with name '{name}' and {len(arguments)} parameters")
        return _invoke(function, arguments, look, run)

    return code


def _invoke(function: Function, arguments: _Arguments, look: Lookup, run: Run) -> Any:
    return function.call([code(look, run) for code in _ordered(function.params, arguments)], run)


def _fit(function: Function, arguments: _Arguments) -> bool:
    if isinstance(arguments, dict):
        return arguments.keys() <= set(function.params)
    return len(arguments) == len(function.params)
