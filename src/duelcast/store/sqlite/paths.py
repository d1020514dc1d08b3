"""The files of an SQLite database, and the URIs that open it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

BESIDE = ("", "-wal", "-shm")
"""The suffixes of the files of a database; the suffix of the database file itself is empty."""


def is_empty(path: Path) -> bool:
    """Whether the existing file at `path` contains no database."""
    return not path.stat().st_size and not Path(f"{path}-wal").exists()


def file_uri(path: Path) -> str:
    """A URI that opens an existing file; a missing one is not created."""
    return f"file:{quote(str(path))}?mode=rw"


def read_only_uri(path: Path) -> str:
    """A URI that opens a file read-only, without creating files beside it. A file without a write-ahead log must not
    be written to meanwhile."""
    # If there is a write-ahead log, all files beside the database exist already.
    is_whole = not Path(f"{path}-wal").exists()
    return f"file:{quote(str(path))}?mode=ro{'&immutable=1' if is_whole else ''}"
