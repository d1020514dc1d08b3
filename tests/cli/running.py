"""Runs the command as a user does, in this process."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from duelcast.cli import main
from tests.databases import settings_at


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Finished:
    """Run `duelcast` with `arguments`."""
    monkeypatch.setattr(sys, "argv", ["duelcast", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    return Finished(int(ended.value.code or 0), captured.out, captured.err)


def use_database(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Have commands use the database that `path` stands for."""
    monkeypatch.setenv("DUELCAST_DATA_DIR", str(path.parent))
    for name, value in settings_at(path).items():
        monkeypatch.setenv(f"DUELCAST_{name.upper()}", value)
