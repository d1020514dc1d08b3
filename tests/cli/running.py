"""Runs the command as a user does, in this process."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from duelcast.cli import main


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
