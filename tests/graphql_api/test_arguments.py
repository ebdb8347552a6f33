"""What people and programs send is held to what engine and records can keep, before anything commits."""

from __future__ import annotations

from typing import Any

import pytest

from zeebe_fleet.graphql_api.arguments import read_variables
from zeebe_fleet.workers.contract.refusals import InvalidVariables


@pytest.mark.parametrize("value", ["\x00", "\ud800", float("nan"), 2**70, 10**20, 1e20, -(2**70)])
def test_variables_that_cannot_be_kept_are_refused_with_their_path(value: Any) -> None:
    """An answer that the engine cannot hold would be committed, and then owed for ever."""
    with pytest.raises(InvalidVariables, match=r"^answer\[0\] "):
        read_variables({"answer": [value]}, 1000)


@pytest.mark.parametrize("value", [2**63 - 1, "\\u0000", "\U0001f389", 1.5])
def test_variables_that_can_be_kept_come_through(value: Any) -> None:
    """Also a text that only looks like a NUL."""
    assert read_variables({"answer": value}, 1000) == {"answer": value}
