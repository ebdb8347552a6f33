"""Other people's models, from a folder that somebody fetched: every one is looked over, none breaks a rule."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from zeebe_fleet.bpmn.tooling.found import places
from zeebe_fleet.bpmn.tooling.lint import lint_places

MODELS = os.environ.get("FLEET_TEST_MODELS", "")
"""Folder with clones of public collections, such as bpmn-miwg/bpmn-miwg-test-suite."""


@pytest.mark.slow
@pytest.mark.skipif(not MODELS, reason="FLEET_TEST_MODELS names no folder")
def test_lint_of_public_models_breaks_on_none() -> None:
    """Each within half a second, with a sentence for each finding and what to do."""
    for place in places(Path(MODELS)):
        begun = time.process_time()
        found = list(lint_places([place]))
        assert time.process_time() - begun < 0.5, place.path
        assert [str(one) for one in found if "The rule broke on this model" in one.message] == []
        assert all(one.message and one.suggestion and one.line > 0 and one.severity for one in found)
