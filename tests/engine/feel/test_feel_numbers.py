"""Numbers, as FEEL counts them; the values were seen on Camunda's engine 1.20.

Source: https://docs.camunda.io/docs/components/modeler/feel/language-guide/feel-numeric-expressions/
"""

from __future__ import annotations

import pytest

from tests.engine.feel.evaluation import shown

CASES = [
    ("1 + 2", "3"),
    ("1 + 2 * 3", "7"),
    ("(1 + 2) * 3", "9"),
    ("2 - 3 - 4", "-5"),
    ("8 / 2 / 2", "2"),
    ("7 / 2", "3.5"),
    ("6 / 3", "2"),
    ("10 / 3", "3.333333333333333333333333333333333"),
    ("2 / 3", "0.6666666666666666666666666666666667"),
    ("1 / 8", "0.125"),
    ("0 / 5", "0"),
    ("10 / 0", "null"),
    ("10 / 0.0", "null"),
    ("2 ** 3", "8"),
    ("2 ** 3 ** 2", "64"),
    ("2 ** -1", "0.5"),
    ("2 ** 0", "1"),
    ("2 ** 0.5", "1.4142135623730951"),
    ("4 ** 0.5", "2.0"),
    ("0 ** 0", "1"),
    ("1.5 ** 2", "2.25"),
    ("-2 ** 2", "4"),
    ("-(2 ** 2)", "-4"),
    ("2 * -3", "-6"),
    ("2 - -3", "5"),
    ("2--3", "5"),
    ("-(3)", "-3"),
    ("-(-3)", "3"),
    ("0.1 + 0.2", "0.3"),
    ("0.1 * 3", "0.3"),
    ("1.10 + 2.20", "3.30"),
    ("1.0 + 1", "2.0"),
    ("0.5 + 0.5", "1.0"),
    ("5 / 2 * 2", "5.0"),
    ("3 * 0.5", "1.5"),
    ("1.5 - 1.5", "0.0"),
    ("100 * 1.00", "100.00"),
    ("9999999999999999999999999999999999 + 1", "1.000000000000000000000000000000000E+34"),
    ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
    ("12345678901234567890 * 10", "123456789012345678900"),
    ("2 ** 100", "1267650600228229401496703205376"),
    ("2 ** 200", "1.606938044258990275541962092341163E+60"),
    ("10 ** 40", "1.000000000000000000000000000000000E+40"),
    ("1 / 3 * 3", "0.9999999999999999999999999999999999"),
    ("0.000001", "0.000001"),
    ("0.0000001", "1E-7"),
    ("1 + null", "null"),
    ("null * 2", "null"),
    ('1 + "a"', "null"),
    ('"a" - "b"', "null"),
    ("1 * true", "null"),
    ("-null", "null"),
    ('-"a"', "null"),
    ("-true", "null"),
    ("null / null", "null"),
    ("1 = 1.0", "true"),
    ("1.0 = 1.00", "true"),
    ("1 != 2", "true"),
    ("1 < 2", "true"),
    ("2 <= 2.0", "true"),
    ("3 > 2.9", "true"),
    ("3 >= 4", "false"),
    ("1 < null", "null"),
    ("null > 1", "null"),
    ('1 < "2"', "null"),
    ('1 = "1"', "null"),
    ("1 = true", "null"),
    ("1 = null", "false"),
    ("1 != null", "true"),
    ("null != null", "false"),
    ('1 != "1"', "null"),
    ("5 between 1 and 10", "true"),
    ("5 between 6 and 10", "false"),
    ("5 between 5 and 5", "true"),
    ("null between 1 and 2", "null"),
    ("5 between null and 10", "null"),
    ("5 between null and 1", "false"),
    ("0 between null and -1", "false"),
    ("1 + (if true then 2 else 3)", "3"),
]


@pytest.mark.parametrize(("expression", "expected"), CASES)
def test_number_is_computed(expression: str, expected: str) -> None:
    """Arithmetic and comparisons of numbers, and null for all else."""
    assert shown(expression) == expected
