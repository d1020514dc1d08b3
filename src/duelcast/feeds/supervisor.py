"""Keeps a feed running: a defect in one feed stops neither the server nor the other feeds."""

from __future__ import annotations

import traceback
from pathlib import Path

import structlog

from duelcast.clock import Clock
from duelcast.feeds.backoff import Backoff
from duelcast.feeds.source import Feed, Sink

CRASH_REASON = "The feed stopped by a defect; it is started again."
STABLE_AFTER_S = 60.0
"""A run of this length was not a crash at start, and its successor waits the shortest time again."""

_log = structlog.get_logger()


async def supervise(feed: Feed, sink: Sink, clock: Clock) -> None:
    """Run `feed` until it is cancelled or returns (a finite source was read to its end).

    What it raises is told to `sink` as failed, logged by type and place, and the feed is run again after a growing,
    jittered wait.
    """
    backoff = Backoff(clock)
    while True:
        started = clock.monotonic()
        try:
            await feed.run(sink)
        except Exception as error:
            sink.failed(CRASH_REASON)
            cause = _innermost(error)
            _log.error("feed_crashed", feed=feed.name, error_type=type(cause).__name__, place=_place(cause))
        else:
            _log.info("feed_ended", feed=feed.name)
            return
        if clock.monotonic() - started >= STABLE_AFTER_S:
            backoff.reset()
        await backoff.wait()


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _place(error: BaseException) -> str:
    """`file:line` where `error` was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"
