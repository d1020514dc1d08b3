"""The files of an SQLite database, and the URIs that open it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

BESIDE = ("", "-wal", "-shm")
"""The suffixes of the files of a database."""


def file_uri(path: Path) -> str:
    """A URI that opens an existing file; a missing one is not created."""
    return f"file:{quote(str(path))}?mode=rw"


def read_only_uri(path: Path) -> str:
    """A URI that opens a file that nobody writes to, without creating files beside it."""
    # If there is a write-ahead log, there are files beside it already.
    is_whole = not Path(f"{path}-wal").exists()
    return f"file:{quote(str(path))}?mode=ro{'&immutable=1' if is_whole else ''}"
