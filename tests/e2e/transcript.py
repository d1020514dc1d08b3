"""Conversations that are compared, frame by frame, with files of `golden/`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from duelcast.clock import ManualClock
from tests.serving import Client, Frame

GOLDEN = Path(__file__).with_name("golden")

LATEST_FLOOR = int(ManualClock().time() * 1e6)
"""Above it *latest* channels are numbered that begin when a clock of the tests does: what is above it counts."""
VOLATILE = ("connectionId", "contest_code", "epoch", "errorId", "message", "serverVersion", "token")
"""Fields whose value is another one each time, or is prose: that they are there is what counts."""


class Transcript:
    """Who said what, in order. What the server says is `{"server": frame}`, what the client says `{"client": …}`.

    `volatile` names members beside those of `VOLATILE`. What is heard includes what is broadcast once it is stored, if
    `settled` waits for that.
    """

    def __init__(self, *volatile: str, settled: Callable[[], Awaitable[None]] | None = None) -> None:
        self._volatile = frozenset((*VOLATILE, *volatile))
        self._settled = settled
        self.lines: list[dict[str, Any]] = []

    def note(self, text: str) -> None:
        """Say what happens next."""
        self.lines.append({"": text})

    async def say(self, client: Client, **message: Any) -> None:
        """Send a message, and hear what the server says to it."""
        self.lines.append({"client": self._without_volatile(message)})
        await client.send(**message)
        await self.hear(client)

    async def hear(self, client: Client) -> None:
        """Take down everything that the server said up to now."""
        self.take(await client.drain())
        if self._settled is not None:
            await self._settled()
            self.take(await client.drain())

    def take(self, frames: list[Frame]) -> None:
        """Take down frames of the server."""
        self.lines += [{"server": self._without_volatile(frame)} for frame in frames]

    def types(self, speaker: str) -> set[str]:
        """The types of the messages of `client` or `server`."""
        return {line[speaker].get("type", "") for line in self.lines if speaker in line}

    def codes(self) -> set[str]:
        """The codes of the errors."""
        return {line["server"]["code"] for line in self.lines if "code" in line.get("server", {})}

    def check(self, name: str) -> None:
        """Compare with the file. Where there is none it is written, and the test fails: read it before it is kept."""
        path = GOLDEN / f"{name}.json"
        if not path.exists():
            path.write_text("[\n" + ",\n".join(json.dumps(line) for line in self.lines) + "\n]\n")
            pytest.fail(f"{path.name} was recorded anew: compare it with the contract, then run again")
        assert self.lines == json.loads(path.read_text())

    def _member(self, name: str, value: Any) -> Any:
        if name in self._volatile:
            return f"<{name}>"
        if name == "seq" and isinstance(value, int) and value >= LATEST_FLOOR:
            return value - LATEST_FLOOR
        return self._without_volatile(value)

    def _without_volatile(self, value: Any) -> Any:
        """`value` with a placeholder for each volatile member, at any depth."""
        if isinstance(value, list):
            return [self._without_volatile(each) for each in value]
        if isinstance(value, dict):
            return {name: self._member(name, member) for name, member in value.items()}
        return value
