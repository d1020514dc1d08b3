"""The PostgreSQL server and databases of the tests of the store."""

from __future__ import annotations

from tests.store.postgres.conftest import place, server

__all__ = ["place", "server"]
