"""The one place that knows where the shared test files are: `SHARED_DIR`, or by default `shared` beside the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[2] / "shared")


def shared_file(name: str) -> Path:
    """The path of a shared file; skips the test if it is missing."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"no {name} in {SHARED}: set SHARED_DIR to the folder that has it")
    return path
