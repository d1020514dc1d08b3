"""Follows channels with the client library, and reports on the connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, cast

import msgspec

from duelcast import __version__
from duelcast.cli.tail.outputs import Output
from duelcast.client import Channel, Client, ConnectionState, EndpointName, Refusal
from duelcast.clock import Clock

REFRESH_INTERVAL_S = 0.25
FINAL_STATUSES = frozenset({400, 401, 403, 404, 410, 421})
"""The HTTP statuses with which a server says that the same attempt would fail again."""


class Stop(NamedTuple):
    """The reason to stop, and the exit code."""

    sentence: str
    code: int = 1


async def follow(url: str, endpoint: str, channels: list[str], token: str | None, output: Output, clock: Clock) -> int:
    """Show what the endpoint sends, by itself and in `channels`, until there is a reason to stop: the exit code."""
    report, events = Report(channels, output), asyncio.Queue[Callable[[], Stop | None]]()
    client = Client(
        url,
        token=token or None,
        user_agent=f"duelcast-tail/{__version__}",
        clock=clock,
        on_frame=lambda _, frame: events.put_nowait(partial(report.frame, frame)),
        on_state=lambda state: events.put_nowait(partial(report.state, state)),
        on_refusal=lambda refusal: events.put_nowait(partial(report.refusal, refusal)),
    )
    refreshing = asyncio.create_task(_refresh(output, clock))
    try:
        async with client, client.endpoint(cast("EndpointName", endpoint)).follow(*map(Channel, channels), maxsize=1):
            while (stop := (await events.get())()) is None:
                pass
    finally:
        refreshing.cancel()
    output.notice(stop.sentence)
    return stop.code


async def _refresh(output: Output, clock: Clock) -> None:
    while True:
        await clock.sleep(REFRESH_INTERVAL_S)
        output.tick()


class Report:
    """Shows what happens on the connection.

    If the first connection is refused, the address is wrong, or the server wants something else; if it refuses all
    channels, nothing is left to follow. Later ones may be refused for a while, by a proxy in front of a server that
    restarts, or refuse the channels: a restarted server may not know them yet.
    """

    def __init__(self, channels: list[str], output: Output) -> None:
        self._channels = channels
        self._output = output
        self._connections = 0
        self._awaited: set[str] = set()
        """The channels that this connection has not answered yet, and an empty name until it is established."""
        self._recovered: list[bool] = []
        """Whether each channel that was resumed on this connection was recovered."""
        self._refusals: dict[str, Refusal] = {}

    def frame(self, frame: str) -> None:
        """A message arrived."""
        try:
            message = msgspec.json.decode(frame, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError):
            self._output.notice("the server sent something that is not a message")
            return
        if message.get("type") != "pong":  # those answer pings of the client itself
            self._output.message(frame, message)
        if message.get("type") == "subscription_confirmed":
            self._confirmed(str(message.get("channel")), message.get("recovered"))

    def state(self, state: ConnectionState) -> Stop | None:
        """The state changed. Returns a reason to stop if it is final."""
        match state.status:
            case "connecting":
                self._awaited, self._recovered, self._refusals = {"", *self._channels}, [], {}
            case "open":
                self._connections += 1
                if self._connections == 1:
                    self._output.notice("connected")
                self._settle("")
            case "waiting" if self._connections == 0 and state.code in FINAL_STATUSES:
                return Stop(state.reason)
            case "waiting":
                when = "at once" if state.retry_in_s is None else f"in {state.retry_in_s:.1f} s"
                self._output.notice(f"{state.reason} Trying again {when}.")
            case "signed_out":
                return Stop(f"{state.reason} Give one with --token.")
            case "refused":
                return Stop(state.reason, 0 if state.code == 1000 else 1)
        return None

    def refusal(self, refusal: Refusal) -> Stop | None:
        """The server refused a channel. Returns a reason to stop if that was the last one."""
        if refusal.name not in self._refusals:
            again = ", but asked for again" if refusal.asks_again else ""
            failure = refusal.failure
            self._output.notice(f"{refusal.name} is not followed{again}: {failure.code}: {failure.message}")
        self._refusals[refusal.name] = refusal
        self._settle(refusal.name)
        may_come = [
            one.asks_again and (self._connections > 1 or one.failure.retry_after_ms is not None)
            for one in self._refusals.values()
        ]
        is_over = self._refusals.keys() >= set(self._channels) and not any(may_come)
        return Stop("There is nothing left to follow.") if is_over else None

    def _confirmed(self, channel: str, recovered: object) -> None:
        self._refusals.pop(channel, None)
        if self._awaited:
            self._recovered += [recovered] if isinstance(recovered, bool) else []  # None: nothing to resume from
            self._settle(channel)
        elif recovered is False:
            self._output.notice(f"{channel}: recovered=false, going on with a snapshot")

    def _settle(self, name: str) -> None:
        if name in self._awaited:
            self._awaited.remove(name)
            if not self._awaited and self._connections > 1:
                self._output.notice(_summary(self._recovered))


def _summary(recovered: list[bool]) -> str:
    lost, count = recovered.count(False), len(recovered)
    if lost:
        return f"reconnected: recovered=false ({lost} of {count} channels), going on with a snapshot"
    return f"reconnected: recovered=true ({count} channels)" if count else "reconnected, going on with a snapshot"
