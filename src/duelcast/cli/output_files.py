"""Rules for commands that write files: where they may write, and how they clean up when they are stopped."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from duelcast.settings import SECRET_FILE, ConfigurationError, LoadedSettings

EXIT_TERMINATED = 128 + signal.SIGTERM


def check_destination(file: Path, loaded: LoadedSettings) -> None:
    """Raise `ConfigurationError` if `file` is one that a server with these settings depends on: the secret, database,
    configuration, certificate or key. These files are never replaced, not even with `--force`."""
    from duelcast.store.atomic_write import is_same_file
    from duelcast.store.choosing import sqlite_path_of
    from duelcast.store.sqlite.paths import BESIDE

    settings = loaded.settings
    database = sqlite_path_of(settings)
    places = () if database is None else (database, database.resolve())
    parts = [Path(f"{place}{ending}") for place in places for ending in (*BESIDE, "-journal", ".lock")]
    owned = [
        (settings.data_dir / SECRET_FILE, "the secret of the server"),
        (loaded.file, "the configuration file"),
        (settings.tls_cert, "the certificate of the server"),
        (settings.tls_key, "the private key of the server"),
        *((part, "part of the database itself") for part in parts),
    ]
    for path, what in owned:
        if path is not None and is_same_file(file, path):
            raise ConfigurationError(f"{file} is {what}; name another file.")


@contextmanager
def terminable() -> Iterator[None]:
    """During the block, SIGTERM ends the command with an exception, as Ctrl-C does, so that it can clean up."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_TERMINATED))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
