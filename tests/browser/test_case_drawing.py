"""How a case is drawn: a way back goes round what stands between, never behind it."""

from __future__ import annotations

import json
import random
import re
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from zeebe_fleet.deploy.node import SOURCES, node, packages

pytestmark = pytest.mark.slow

SCRIPT = """
import {layOut, WIDTH, HEIGHT} from %r;
const drawn = JSON.parse(process.argv[1]).flatMap((graph) => [layOut(graph, false), layOut(graph, true)]);
console.log(JSON.stringify({drawn, size: [WIDTH, HEIGHT]}));
"""
ASKED_BACK = ["is_small>decide", "is_small>accepted", "decide>accepted", "decide>declined", "decide>explain"]


def _graph(ways: list[str]) -> dict[str, Any]:
    pairs = [way.split(">") for way in ways]
    steps = dict.fromkeys(step for pair in pairs for step in pair)
    return {
        "steps": [{"id": one, "name": one, "kind": "human"} for one in steps],
        "transitions": [{"source": one, "on": "", "label": "", "target": other} for one, other in pairs],
    }


def _random(seed: int) -> dict[str, Any]:
    pick = random.Random(seed)
    steps = pick.randint(3, 12)
    ahead = [f"s{pick.randrange(number)}>s{number}" for number in range(1, steps)]
    return _graph([*ahead, *(f"s{pick.randrange(steps)}>s{pick.randrange(steps)}" for _ in range(steps // 2))])


def _hidden(drawing: Any, width: float, height: float) -> list[str]:
    """Name the ways back of which a part lies behind a step, or outside the drawing."""
    found = []
    for way in (one for one in drawing["ways"] if one["back"]):
        points = [tuple(map(float, one.split())) for one in re.split("[ML]", way["path"])[1:]]
        boxes = [(one["x"], one["y"], one["x"] + width, one["y"] + height) for one in drawing["nodes"]]
        for (x, y), (tx, ty) in pairwise(points):
            (left, right), (top, bottom) = sorted((x, tx)), sorted((y, ty))
            assert (left >= 0, top >= 0) == (True, True)
            assert (right <= drawing["width"], bottom <= drawing["height"]) == (True, True)
            if any(left < b[2] and right > b[0] and top < b[3] and bottom > b[1] for b in boxes):
                found.append(f"{way['source']} to {way['target']}")
    return found


def test_way_back_is_seen_all_along(tmp_path: Path) -> None:
    """From left to right and from the top to the bottom, in a case that asks back and in any other."""
    module = tmp_path / "layout.mjs"
    build = [str(node()), str(packages() / "esbuild" / "bin" / "esbuild"), str(SOURCES / "src" / "case-layout.ts")]
    subprocess.run([*build, f"--outfile={module}", "--log-level=error"], check=True)
    graphs = [_graph([*ASKED_BACK, "explain>decide"]), *map(_random, range(60))]
    script = [str(node()), "--input-type=module", "-e", SCRIPT % str(module), json.dumps(graphs)]
    said = json.loads(subprocess.run(script, check=True, capture_output=True, text=True).stdout)
    assert sum(way["back"] for one in said["drawn"] for way in one["ways"]) > 100
    assert [hidden for one in said["drawn"] if (hidden := _hidden(one, *said["size"]))] == []
