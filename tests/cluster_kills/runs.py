"""A run of a test: the seed that decides what happens in it, and the folder that keeps its logs."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

import pytest

from tests.cluster_kills.local import PROJECT

REPORTS = PROJECT / "reports" / "cluster"


def seed_of(request: pytest.FixtureRequest) -> int:
    """The seed of the command line, or any."""
    given: int | None = request.config.getoption("--seed")
    return secrets.randbelow(1_000_000) if given is None else given


def report_folder(name: str) -> Path:
    """A new folder for the logs of a test."""
    return REPORTS / f"{time.strftime('%Y%m%d-%H%M%S')}-{name}"
