"""Connections to a PostgreSQL server: how they are opened, what the server does to them if this process hangs, and how
long this process waits for the server.

There is no statement timeout. It would also end a COMMIT that waits for a synchronous standby, and PostgreSQL then
reports success although the standby lacks the transaction. Instead, `LOCK_TIMEOUT_MS` limits waits for locks,
`IDLE_TIMEOUT_MS` transactions of a server that hangs, and `ANSWER_TIMEOUT_S` waits for the database server; after the
last one, the outcome counts as unknown.
"""

from __future__ import annotations

from typing import Any

import asyncpg

from duelcast.store.postgres.address import Address, unusable

CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 3.0
"""How long a statement may take before the server counts as lost."""
LOCK_TIMEOUT_MS = 1_500
IDLE_TIMEOUT_MS = {True: 2_000, False: 30_000}
"""How long a transaction of the writer (True) or a reader may pause between two statements. The writer's locks end with
it; a reader that computes meanwhile holds none."""
PAUSE_TIMEOUT_MS = 60_000
"""The same for migrations, and for a copy while the other database works."""

_SETTINGS = {
    "application_name": "duelcast",
    "lock_timeout": str(LOCK_TIMEOUT_MS),
    # Otherwise, the server would keep the session and locks of a machine that is gone for hours.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
}
_READER = {"default_transaction_isolation": "repeatable read", "default_transaction_read_only": "on"}
# There is one writer, so that nothing else can change what its transaction has read.
_WRITER = {"default_transaction_isolation": "read committed", "default_transaction_read_only": "off"}


async def connect(address: Address, *, writes: bool) -> Any:
    """A new connection of the driver. Raises `ConfigurationError` for options that do not exist, and whatever the
    driver raises."""
    role = _WRITER if writes else _READER
    try:
        return await asyncpg.connect(
            address.dsn,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=ANSWER_TIMEOUT_S,
            server_settings={**_SETTINGS, **role, "idle_in_transaction_session_timeout": str(IDLE_TIMEOUT_MS[writes])},
        )
    except (asyncpg.exceptions.ClientConfigurationError, ValueError):
        raise unusable() from None


def set_answer_timeout(connection: Any, seconds: float | None) -> None:
    """Change how long statements of a driver's connection may take; None means any time."""
    # The driver takes a time limit with each statement or from here, and SQLAlchemy passes none.
    connection._config = connection._config._replace(command_timeout=seconds)


def reset_answer_timeout(connection: Any) -> None:
    """Let statements of a driver's connection take as long as usual."""
    set_answer_timeout(connection, ANSWER_TIMEOUT_S)
