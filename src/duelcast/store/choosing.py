"""Chooses the kind of database by its address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from duelcast.settings import ConfigurationError, Settings
from duelcast.store.backend import Backend
from duelcast.store.lease import Lease
from duelcast.store.sqlite.file import SqliteFile

_POSTGRES = ("postgresql:", "postgresql+asyncpg:", "postgres:")
_SQLITE = ("sqlite:///", "sqlite+aiosqlite:///")


def backend_of(settings: Settings, node: str = "") -> Backend:
    """The database of a server with these settings, whose name is `node`. Raises `ConfigurationError`."""
    url = settings.database_url
    if url is not None and url.startswith(_POSTGRES):
        with _explained():
            from duelcast.store.postgres.database import PostgresDatabase
        return PostgresDatabase(
            url, settings.data_dir, settings.database_busy_timeout_ms, node=node, lease_ms=settings.leader_lease_ms
        )
    path = sqlite_path_of(settings)
    assert path is not None
    return SqliteFile(path, settings.database_busy_timeout_ms)


def lease_of(settings: Settings, node: str) -> Lease:
    """The lease of the nodes with these settings, as the server named `node` sees it. Raises `ConfigurationError`."""
    url = settings.database_url
    if url is None or not url.startswith(_POSTGRES):
        raise ConfigurationError("Several nodes need a PostgreSQL database: set DUELCAST_DATABASE_URL.")
    with _explained():
        from duelcast.store.postgres.address import parse_address
        from duelcast.store.postgres.lease import PostgresLease
    return PostgresLease(parse_address(url), node, settings.leader_lease_ms / 1000)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as missing:
        if missing.name != "asyncpg":
            raise
        raise ConfigurationError(
            "A PostgreSQL database needs another package: `pip install 'duelcast[cluster]'`."
        ) from None


def backend_at(address: str, settings: Settings) -> Backend:
    """The database at `address`, as in `database_url`, or the path of an SQLite file, with the other settings. Raises
    `ConfigurationError`."""
    url = address if ":" in address else f"{_SQLITE[0]}{address}"
    return backend_of(settings.model_copy(update={"database_url": url}))


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
        "The address of a database (DUELCAST_DATABASE_URL) is either sqlite:///path/to/file or "
        "postgresql://user:password@host:5432/database."
    )
