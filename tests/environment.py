"""An environment for tests without the settings of the machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove the machine's settings and work in an empty directory, in all tests of a folder that imports this."""
    for name in list(os.environ):
        if name.upper().startswith("DUELCAST_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
