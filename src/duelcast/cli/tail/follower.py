"""The client's side of a subscription over many connections, without I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from duelcast.cli.tail.asked import Asked, names
from duelcast.cli.tail.positions import Positions
from duelcast.cli.tail.reconnect import Stop
from duelcast.cli.tail.targets import Command, Item, Targets, awaited_channels

ASK_AGAIN_INTERVAL_S = 5.0
"""How often the client asks again for items that the server could not send."""


@dataclass(frozen=True, slots=True)
class Step:
    """The reaction to a message: commands to send, sentences to show, and whether to stop."""

    commands: list[Command] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    stop: Stop | None = None


class Follower:
    """Requests the targets on each connection, starting where the previous connection ended, and reports whether the
    messages missed in between were recovered.

    Items refused on the first connection are given up; if no others are left, the follower stops. An item that is
    refused on a later connection is requested again, because a restarted server may not know it yet.
    """

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._positions = Positions()
        self._asked = Asked()
        self._last_epoch: str | None = None
        self._awaited: set[str] = set()
        self._shown: set[Item] = set()
        self._recovered = 0
        self._lost = 0

    def connecting(self) -> None:
        """Begin a connection."""
        self._last_epoch = self._positions.epoch or self._last_epoch
        self._positions.connecting()
        self._asked.connecting()
        self._awaited.clear()
        self._shown.clear()

    def receive(self, message: Mapping[str, Any]) -> Step:
        """Handle a message of the server."""
        asked_from = self._positions.since(str(message.get("channel")))
        self._positions.observe(message)
        missing = self._asked.answered(message, refusals_last=self._last_epoch is None)
        step = self._step(message, missing, had_position=asked_from is not None)
        if self._asked.nothing_is_left:
            return Step(step.commands, step.notices, Stop("There is nothing left to follow.", failed=True))
        return step

    def again(self) -> list[Command]:
        """Commands that ask again for items that the server could not send."""
        return self._asking(self._asked.later)

    def _step(self, message: Mapping[str, Any], missing: list[Item], *, had_position: bool) -> Step:
        match message.get("type"):
            case "connection_established":
                return self._established()
            case "subscription_confirmed":
                return self._confirmed(message, had_position=had_position)
            case "symbols_subscribed" if missing:
                return Step(notices=[f"unknown: {names(missing)}"] if self._is_news(missing) else [])
            case "error" | "ERROR":
                return self._failed(message, missing)
        return Step()

    def _failed(self, message: Mapping[str, Any], missing: list[Item]) -> Step:
        notices = []
        if not missing or self._is_news(missing):
            what = f" ({names(missing)})" if missing else ""
            notices.append(f"{message.get('code')}: {message.get('message')}{what}")
        lost = self._awaited.intersection(item.name for item in missing)
        if lost:
            self._awaited -= lost
            self._lost += len(lost)
            notices += [] if self._awaited else [self._summary()]
        return Step(notices=notices)

    def _is_news(self, missing: list[Item]) -> bool:
        """Whether any of `missing` was not yet reported on this connection; items are requested repeatedly."""
        new = set(missing) - self._shown
        self._shown |= new
        return bool(new)

    def _established(self) -> Step:
        commands = self._asking()
        if self._last_epoch is None:
            return Step(commands, ["connected"])
        self._awaited = set(awaited_channels(commands))
        self._recovered = self._lost = 0
        if self._awaited:
            return Step(commands)
        same = self._positions.epoch == self._last_epoch
        return Step(
            commands, [f"reconnected, going on with a snapshot{'' if same else ': recovered=false (new epoch)'}"]
        )

    def _asking(self, items: Iterable[Item] | None = None) -> list[Command]:
        """Commands that ask for `items`; by default for all targets that were not refused."""
        targets = self._targets.without(self._asked.refused) if items is None else self._targets.only(items)
        return [self._asked.asking(command) for command in targets.commands(self._positions)]

    def _confirmed(self, message: Mapping[str, Any], *, had_position: bool) -> Step:
        channel, recovered = str(message.get("channel")), message.get("recovered")
        if channel not in self._awaited:
            if recovered is False and had_position:
                return Step(notices=[f"{channel}: recovered=false, going on with a snapshot"])
            return Step()
        self._awaited.discard(channel)
        self._recovered += recovered is True
        self._lost += recovered is not True
        return Step(notices=[] if self._awaited else [self._summary()])

    def _summary(self) -> str:
        if not self._lost:
            return f"reconnected: recovered=true ({self._recovered} channels)"
        of_all = f"{self._lost} of {self._lost + self._recovered} channels"
        return f"reconnected: recovered=false ({of_all}), going on with a snapshot"
