"""Clients that follow channels, and check what they receive."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from tests.cluster_kills.broadcasts import Broadcasts
from tests.cluster_kills.client import Client, Frame

Key = tuple[str, str]
"""The type of a message, and the interval or the contest that it is about."""


class EveryChannel:
    """A channel of kind *every*, as one client knows it. `messages` has what it received, by number; `missed` counts
    the confirmations that said that messages are missing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.epoch = ""
        self.seq: int | None = None
        self.messages: dict[int, Frame] = {}
        self.begins_at = 0
        self.recoveries = 0
        self.missed = 0
        self.owed: int | None = None
        """The position that was confirmed, until the messages up to it were received."""

    def confirm(self, frame: Frame) -> None:
        epoch, seq = frame["epoch"], frame["seq"]
        assert self.owed is None or not self.owed, f"A replay of {self.name} has ended at {self.seq}: {frame}"
        if self.seq is not None and frame["recovered"]:
            assert epoch == self.epoch, frame
            assert seq >= self.seq, f"{self.name} was at {self.seq}: {frame}"
            self.recoveries += 1
            self.owed = seq if seq > self.seq else None
            return
        if self.seq is None:
            self.begins_at = seq
        else:
            self.missed += 1
        self.epoch, self.seq, self.owed = epoch, seq, None

    def take(self, frame: Frame) -> None:
        assert self.seq is not None, f"Nobody has confirmed the channel: {frame}"
        assert frame["seq"] == self.seq + 1, f"{self.name} was at {self.seq}: {frame}"
        self.seq += 1
        self.messages[self.seq] = frame
        if self.owed == self.seq:
            self.owed = None

    def greeted(self) -> None:
        """A connection has begun: all that was missed came before."""
        assert self.owed is None, f"{self.name} is at {self.seq} and not at {self.owed}"


class LatestChannel:
    """A channel of kind *latest*, as one client knows it. `newest` has its messages by key."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.epoch = ""
        self.seq: int | None = None
        self.newest: dict[Key, Frame] = {}
        self._above: int | None = None
        """What follows has a greater number; None while a snapshot may follow."""
        self._confirmed = 0

    def confirm(self, frame: Frame) -> None:
        if self.seq is not None and frame.get("recovered"):
            assert frame["epoch"] == self.epoch, frame
            self._above = self.seq
        else:
            self._above = None
            self.newest.clear()
        self.epoch = frame["epoch"]
        self._confirmed = frame["seq"]
        self.seq = max(frame["seq"], self.seq or 0)

    def is_published(self, frame: Frame) -> bool:
        """Whether everybody gets this message. A snapshot may be made for one client, if nothing was published yet."""
        return self._above is not None or frame["seq"] > self._confirmed

    def take(self, frame: Frame) -> None:
        assert self._above is None or frame["seq"] > self._above, f"{self.name} was at {self._above}: {frame}"
        key = _key_of(frame)
        known = self.newest.get(key)
        assert known is None or known["seq"] <= frame["seq"], f"{known} came before {frame}"
        self.newest[key] = frame
        self.seq = max(self.seq or 0, frame["seq"])


class Follower(Client):
    """Follows `channels`, all from where it was before."""

    def __init__(
        self,
        endpoint: str,
        every: Sequence[str],
        latest: Sequence[str],
        broadcasts: Broadcasts,
        gateways: Sequence[str],
        chance: random.Random,
        wallet: str | None = None,
        role: str = "user",
        public_name: str | None = None,
    ) -> None:
        super().__init__(gateways, chance, wallet, role)
        self.endpoint = endpoint  # type: ignore[misc] # one class for all endpoints
        self.every = {name: EveryChannel(name) for name in every}
        self.latest = {name: LatestChannel(name) for name in latest}
        self._broadcasts = broadcasts
        self._public_name = public_name

    @property
    def channels(self) -> Mapping[str, EveryChannel | LatestChannel]:
        return {**self.every, **self.latest}

    def query(self) -> list[tuple[str, str]]:
        query = [] if self._public_name is None else [("endpoint", self._public_name)]
        for name, channel in self.channels.items():
            if channel.seq is None:
                query.append(("channel", name))
            else:
                query.append(("since", f"{name},{channel.epoch},{channel.seq}"))
        return query

    def take(self, frame: Frame) -> None:
        channel = self.channels.get(frame.get("channel", ""))
        if frame["type"] == "connection_established":
            for every in self.every.values():
                every.greeted()
        elif channel is None:
            return
        elif frame["type"] == "subscription_confirmed":
            channel.confirm(frame)
        elif "seq" in frame:
            channel.take(frame)
            if isinstance(channel, EveryChannel) or channel.is_published(frame):
                self._broadcasts.check(channel.epoch, frame)

    def _leave(self) -> None:
        super()._leave()
        for every in self.every.values():
            every.owed = None


def _key_of(frame: Frame) -> Key:
    data = frame.get("data")
    about = data.get("interval") or data.get("symbol") if isinstance(data, dict) else None
    return frame["type"], str(about or frame.get("contestId", ""))
