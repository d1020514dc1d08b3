"""Chooses the kind of database by its address."""

from __future__ import annotations

from pathlib import Path

from duelcast.settings import ConfigurationError, Settings
from duelcast.store.backend import Backend
from duelcast.store.sqlite.file import SqliteFile

_POSTGRES = ("postgresql:", "postgresql+asyncpg:", "postgres:")
_SQLITE = ("sqlite:///", "sqlite+aiosqlite:///")


def backend_of(settings: Settings) -> Backend:
    """The database of a server with these settings. Raises `ConfigurationError`."""
    url = settings.database_url
    if url is not None and url.startswith(_POSTGRES):
        try:
            from duelcast.store.postgres.database import PostgresDatabase
        except ModuleNotFoundError as missing:
            if missing.name != "asyncpg":
                raise
            raise ConfigurationError(
                "A PostgreSQL database needs another package: `pip install 'duelcast[cluster]'`."
            ) from None
        return PostgresDatabase(url, settings.data_dir, settings.database_busy_timeout_ms)
    path = sqlite_path_of(settings)
    assert path is not None
    return SqliteFile(path, settings.database_busy_timeout_ms)


def sqlite_path_of(settings: Settings) -> Path | None:
    """The path of the SQLite database of a server with these settings; None if its database is on a PostgreSQL server.
    Raises `ConfigurationError`."""
    url = settings.database_url
    if url is None:
        return settings.data_dir / "duelcast.db"
    if url.startswith(_POSTGRES):
        return None
    for scheme in _SQLITE:
        if url.startswith(scheme) and len(url) > len(scheme):
            return Path(url.removeprefix(scheme)).expanduser().resolve()
    raise ConfigurationError(
        "DUELCAST_DATABASE_URL is either sqlite:///path/to/file or postgresql://user:password@host:5432/database."
    )
