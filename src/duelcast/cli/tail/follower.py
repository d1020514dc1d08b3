"""The client's side of a subscription over many connections, without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from duelcast.cli.tail.positions import Positions
from duelcast.cli.tail.targets import Command, Targets, awaited_channels


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from a message: commands to send, sentences to tell."""

    commands: list[Command] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


class Follower:
    """Asks for the targets on each connection, from where the last one ended, and tells whether that was recovered."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._positions = Positions()
        self._last_epoch: str | None = None
        self._awaited: set[str] = set()
        self._recovered = 0
        self._lost = 0

    def connecting(self) -> None:
        """A connection begins."""
        self._last_epoch = self._positions.epoch or self._last_epoch
        self._positions.connecting()
        self._awaited.clear()

    def receive(self, message: Mapping[str, Any]) -> Step:
        """Take a message of the server."""
        asked_from = self._positions.since(str(message.get("channel")))
        self._positions.observe(message)
        match message.get("type"):
            case "connection_established":
                return self._established()
            case "subscription_confirmed":
                return self._confirmed(message, had_position=asked_from is not None)
            case "error" | "ERROR":
                return Step(notices=[f"{message.get('code')}: {message.get('message')}"])
        return Step()

    def _established(self) -> Step:
        commands = self._targets.commands(self._positions)
        self._awaited = set(awaited_channels(commands))
        self._recovered = self._lost = 0
        if self._last_epoch is None:
            return Step(commands, ["connected"])
        if self._awaited:
            return Step(commands)
        same = self._positions.epoch == self._last_epoch
        return Step(
            commands, [f"reconnected, going on with a snapshot{'' if same else ': recovered=false (new epoch)'}"]
        )

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
