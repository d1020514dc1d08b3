"""The servers that a process can run, one for each role."""

from __future__ import annotations

from typing import Protocol


class Server(Protocol):
    """`start` returns once the server does its work, and closes everything again if it fails or is cancelled; `stop`
    returns once all clients and parts are closed."""

    @property
    def url(self) -> str:
        """The address of the server, as reached from this machine."""

    async def start(self) -> None:
        """Raises `ConfigurationError`."""

    def expect_restart(self, age_ms: int) -> None:
        """The next process of this server will take `age_ms` after this one has stopped until it accepts clients."""

    def announce_stop(self) -> None:
        """Announce on `/readyz` that the server will stop; everything else continues."""

    async def stop(self) -> None:
        """Send clients away, and end all tasks."""

    async def failed(self) -> None:
        """Wait until a task that must never end has ended; raises its exception, if it has one."""
