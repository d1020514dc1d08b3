"""The generated files of the client libraries are current, and their names and types are what the documents say."""

from __future__ import annotations

from pathlib import Path

from duelcast.cli.client_types import client_types

PROJECT = Path(__file__).resolve().parents[3]


def test_the_generated_files_are_current() -> None:
    texts = client_types()
    for path, text in texts.items():
        assert (PROJECT / path).read_text(encoding="utf-8") == text, f"{path} is stale: run `make docs`"
    for folder in {path.parent for path in texts}:
        files = {path.relative_to(PROJECT) for path in (PROJECT / folder).iterdir() if path.is_file()}
        assert files == {path for path in texts if path.parent == folder}, f"{folder} has leftovers: run `make docs`"
