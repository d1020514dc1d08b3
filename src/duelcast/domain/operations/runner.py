"""Keeps a part of the server running, and starts and stops it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import structlog

from duelcast.backoff import Backoff
from duelcast.clock import Clock
from duelcast.domain.operations.monitored_service import Work
from duelcast.logs import exception_fields

STABLE_AFTER_S = 60.0
"""A run at least this long resets the back-off to its shortest wait."""
CRASHED = "It stopped because of a defect, and will be started again."

_log = structlog.get_logger("duelcast.operations")


class Runner:
    """Runs `work` until it is stopped. If a defect ends `work`, it is run again after a growing, jittered wait.

    Each start runs `work` anew. A stop cancels `work`, which must then lose nothing that it has accepted. If `work`
    returns by itself, it is finished, and counts as stopped. `on_change` is called whenever `running` or `failure`
    changes.
    """

    def __init__(
        self, name: str, work: Callable[[], Coroutine[Any, Any, None]], clock: Clock, on_change: Callable[[], None]
    ) -> None:
        self._name = name
        self._work = work
        self._clock = clock
        self._on_change = on_change
        self._backoff = Backoff(clock)
        self._task: asyncio.Task[None] | None = None
        self.failure: str | None = None
        self.started_at_s: float | None = None
        self.restarts = 0

    @property
    def running(self) -> bool:
        return self._task is not None

    async def start(self) -> None:
        """Start the work, unless it is running."""
        if self._task is None:
            self.restarts += self.started_at_s is not None
            self.started_at_s = self._clock.time()
            self._task = asyncio.create_task(self._keep_running(), name=self._name)
            # Let the work begin before this returns.
            await asyncio.sleep(0)
            self._on_change()

    async def stop(self) -> None:
        """Stop the work, if it is running, and return once it has ended."""
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _keep_running(self) -> None:
        try:
            while True:
                began_s = self._clock.monotonic()
                try:
                    await self._work()
                except Exception as error:
                    _log.error("service_crashed", service=self._name, **exception_fields(error))
                else:
                    _log.info("service_finished", service=self._name)
                    return
                self._set_failure(CRASHED)
                if self._clock.monotonic() - began_s >= STABLE_AFTER_S:
                    self._backoff.reset()
                await self._backoff.wait()
                self.restarts += 1
                self._set_failure(None)
        finally:
            self._task = None
            self.failure = None
            self._on_change()

    def _set_failure(self, failure: str | None) -> None:
        self.failure = failure
        self._on_change()


if TYPE_CHECKING:
    _conforms: type[Work] = Runner
