"""The client conforms to the traces, which every client can run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.client.trace_runner import Runner

TRACES = sorted((Path(__file__).parents[2] / "clients" / "traces").glob("*.json"))


@pytest.mark.parametrize("path", TRACES, ids=[path.stem for path in TRACES])
def test_conforms_to_the_trace(path: Path) -> None:
    Runner(json.loads(path.read_text())).run()


def test_there_are_traces() -> None:
    assert TRACES
