"""The client's position in each channel that it holds something of (protocol §2)."""

from __future__ import annotations

from typing import Literal, NamedTuple

Verdict = Literal["handle", "repeat", "drop", "gap"]


class Position(NamedTuple):
    """The last message handled, or the end of a snapshot."""

    epoch: str
    seq: int


class _Track:
    """The position in one channel."""

    __slots__ = ("awaits_confirmation", "every", "known", "last", "ping", "replays", "unsettled")

    def __init__(self) -> None:
        self.known: Position | None = None
        """The position to resume from."""
        self.unsettled = False
        """Whether a snapshot or replay has begun whose end has not been seen."""
        self.last: int | None = None
        """While unsettled: the `seq` with which the snapshot or replay ends, or of a later message."""
        self.replays = False
        """While unsettled: whether this is a replay."""
        self.ping = 0
        self.every = False
        self.awaits_confirmation = False
        """Whether a message was missing, so that the channel was subscribed to again."""


class Positions:
    """Learns positions from messages, and finds repeated and missing messages.

    The end of a snapshot or replay becomes the position when the `pong` arrives that the server sent after it.
    """

    def __init__(self) -> None:
        self.epoch: str | None = None
        self._tracks: dict[str, _Track] = {}

    def since(self, channel: str) -> Position | None:
        """The position to resume from; None if it is unknown."""
        track = self._tracks.get(channel)
        return track.known if track is not None else None

    def awaits_confirmation(self, channel: str) -> bool:
        """Whether a message was missing, so that the channel was subscribed to again."""
        track = self._tracks.get(channel)
        return track is not None and track.awaits_confirmation

    def channels(self) -> list[str]:
        """The channels about which anything is known."""
        return list(self._tracks)

    def has_reached(self, channel: str, seq: int | None) -> bool:
        """Whether all messages up to `seq` in this epoch have arrived before the one that names it."""
        track = self._tracks.get(channel)
        return track is not None and seq is not None and seq <= self._reached(track)

    def forget(self, channel: str) -> None:
        self._tracks.pop(channel, None)

    def lost(self) -> None:
        """The connection was lost. An unsettled channel goes back to the position before it."""
        for track in self._tracks.values():
            if track.unsettled and not track.replays:
                track.known = None
            track.unsettled = track.awaits_confirmation = False

    def begin(
        self, channel: str, seq: int | None, *, recovered: bool, every: bool | None = None, ping: int = 0
    ) -> None:
        """A snapshot, or a replay if `recovered`, begins that ends at `seq`. It counts from the answer to the ping with
        this number on, or a later one. `every` is the kind of the channel; None leaves it as it was."""
        track = self._tracks.setdefault(channel, _Track())
        track.unsettled, track.last, track.ping = True, seq, ping
        track.replays = recovered and track.known is not None
        track.awaits_confirmation = False
        if every is not None:
            track.every = every
        if not track.replays:
            track.known = None

    def named(self, channel: str, seq: int, *, recovered: bool) -> None:
        """The position of an *every* channel was named by another message than its confirmation."""
        track = self._tracks.get(channel)
        if track is None or not track.unsettled:
            self.begin(channel, seq, recovered=recovered, every=True)
        else:
            track.last, track.every = max(seq, track.last or 0), True

    def settle(self, ping: int) -> None:
        """The ping with this number was answered."""
        for track in self._tracks.values():
            if track.unsettled and track.ping <= ping:
                track.unsettled = False
                self._settled(track)

    def _settled(self, track: _Track) -> None:
        seqs = [
            seq for seq in (track.last, track.known.seq if track.known and track.replays else None) if seq is not None
        ]
        track.known = Position(self.epoch, max(seqs)) if seqs and self.epoch is not None else track.known

    def _reached(self, track: _Track) -> int:
        """The greatest `seq` of this epoch up to which everything has arrived, or is under way; -1 if there is none."""
        known = track.known.seq if track.known is not None and track.known.epoch == self.epoch else -1
        return max(known, track.last) if track.unsettled and track.last is not None else known

    def arrived(self, channel: str, seq: int | None) -> Verdict:
        """How to treat a message, which has a `seq` unless it is part of a snapshot. One that is missing before it is a
        gap; the caller subscribes again, and what comes before the confirmation is dropped. Only stores whose snapshot
        or replay is under way may lack a repeat."""
        track = self._tracks.get(channel)
        if seq is None:
            return "repeat"
        if track is None:
            return "handle"
        if not track.every and seq <= self._reached(track):
            return "repeat"
        if track.every:
            verdict = self._judged(track, seq)
            if verdict != "handle":
                return verdict
            if self.epoch is not None and (track.replays or not track.unsettled):
                track.known = Position(self.epoch, seq)
        elif not track.unsettled and self.epoch is not None:
            track.known = Position(self.epoch, seq)
        if track.unsettled and not (track.every and track.replays):
            track.last = max(seq, track.last or 0)
        return "handle"

    def _judged(self, track: _Track, seq: int) -> Verdict:
        if track.awaits_confirmation:
            return "drop"
        if track.unsettled and not track.replays:
            before = track.last
        else:
            before = track.known.seq if track.known is not None and track.known.epoch == self.epoch else None
        if before is None or seq == before + 1:
            return "handle"
        if seq <= before:
            return "drop"
        track.awaits_confirmation = True
        return "gap"
