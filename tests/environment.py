"""An environment without the machine's settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine, and an empty working directory; for every test of a folder that imports it."""
    for name in list(os.environ):
        if name.upper().startswith("DUELCAST_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
