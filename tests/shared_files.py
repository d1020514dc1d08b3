"""The one place that knows where the shared test material lies: `SHARED_DIR`, else `../shared` beside the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("SHARED_DIR") or Path(__file__).resolve().parents[2] / "shared")


def shared_file(name: str) -> Path:
    """The path of a shared file; skips the test where it is absent."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"no {name} in {SHARED}: set SHARED_DIR to the folder that has it")
    return path
