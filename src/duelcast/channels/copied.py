"""A node's copy of the leader's channels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct

from duelcast.channels.channel_memory import ChannelMemory, EveryMemory, LatestMemory
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.names import Channel
from duelcast.channels.records import Put


class DumpedChannel(Struct, frozen=True, array_like=True):
    """Everything that is kept of a channel: its position, the lowest position from which it can be recovered, and its
    messages in the order of `seq`. Those of an *every* channel have no gaps, and lead from one position to the other.
    The newest message of a live key of a *latest* channel may be older. `skipped` is that of a *latest* channel."""

    channel: str
    seq: int
    reaches_back_to: int
    messages: Sequence[Put]
    skipped: tuple[int, int] = (0, 0)

    def covers(self, seq: int) -> bool:
        """Whether a copy at position `seq` can go on with these messages."""
        return self.reaches_back_to <= seq <= self.seq and not self.skipped[0] < seq <= self.skipped[1]


class CopiedChannels(MemoryBroker):
    """The bus of a node in a cluster. Unless the node leads, messages have the numbers that the leader gave them, and
    the leader decides which channels are silent or forgotten; the node delivers to its own listeners, and counts its
    own followers. A node that begins to lead goes on with its copy."""

    leads = False
    on_followed: Callable[[Channel, bool], None] = staticmethod(lambda _channel, _is_followed: None)
    """Called when a channel gets its first follower on this node, and when it loses its last one."""

    def follow(self, channel: Channel) -> None:
        super().follow(channel)
        if self._streams[channel.name].followers == 1:
            self.on_followed(channel, True)

    def _lost_followers(self, stream: ChannelMemory) -> None:
        if self.leads:
            super()._lost_followers(stream)
        else:
            stream.touch(self._clock.monotonic())
            if isinstance(stream, LatestMemory) and self._is_blank(stream):
                # The leader may never have known this channel, so that it will not say that it is forgotten.
                self._forget(stream)
        self.on_followed(stream.channel, False)

    def adopt(self, epoch: str) -> None:
        """Go on in the epoch of the leader. In a new epoch, no earlier position is valid, so all listeners recover."""
        if epoch != self._epoch:
            # Listeners note the positions of the epoch that ends.
            self.resynchronise()
            self._epoch = epoch

    def lead(self, epoch: str, latest_above: int, urgent: Mapping[Channel, int]) -> None:
        """Begin to lead; the parameters are those of `begin`. Messages of *latest* channels that are in memory keep
        their numbers: further ones are numbered above `latest_above`, because other nodes may have seen numbers that
        are missing here. `urgent` channels without messages in memory are placed."""
        self.leads = True
        self._epoch = epoch
        self._latest_above = latest_above
        self._highest_forgotten_seq = max(self._highest_forgotten_seq, latest_above)
        for channel, seq in urgent.items():
            stream = self._streams.get(channel.name) or self._open(channel)
            assert isinstance(stream, EveryMemory)
            if stream.is_empty:
                stream.place(seq)
        self._idle.update((name, stream) for name, stream in self._streams.items() if not stream.followers)

    def every_positions(self) -> Mapping[str, int]:
        """The number of the newest message of each *every* channel in memory, by the channel's name."""
        return {
            stream.channel.name: stream.seq
            for stream in self._streams.values()
            if isinstance(stream, EveryMemory) and stream.is_placed
        }

    def find(self, name: str) -> Channel | None:
        """The channel of that name, if it is in memory."""
        stream = self._streams.get(name)
        return None if stream is None else stream.channel

    def put(self, put: Put, channel: Channel) -> None:
        """Keep and deliver a message that the leader numbered. Repeats are ignored."""
        stream = self._streams.get(channel.name)
        if stream is None:
            stream = self._place(channel, put.seq - 1)
        elif isinstance(stream, EveryMemory) and not stream.is_placed:
            stream.place(put.seq - 1)
        elif put.seq <= stream.seq:
            return
        stream.advance(put.seq)
        self._take(stream, put.message(channel))

    def place_read(self, channel: Channel, seq: int) -> None:
        """Note that a follower on this node has everything up to `seq` of an *every* channel, because the leader has
        read it from the database. The next leader, which may know nothing of the channel, publishes it again."""
        stream = self._streams[channel.name]
        if isinstance(stream, EveryMemory) and not stream.is_placed:
            stream.place(seq)

    def silence(self, channel: Channel, seq: int) -> None:
        """No position of the channel below `seq` can be recovered any longer."""
        stream = self._streams.get(channel.name)
        if isinstance(stream, LatestMemory) and seq > stream.seq:
            stream.begin_anew(seq)

    def forget(self, channel: Channel) -> None:
        """Drop the memory of a channel, unless somebody on this node follows it: its position stays valid."""
        stream = self._streams.get(channel.name)
        if stream is not None and not stream.followers:
            self._forget(stream)

    def dump(self, name: str) -> DumpedChannel | None:
        """Everything that is kept of a channel."""
        stream = self._streams.get(name)
        if stream is None or (isinstance(stream, EveryMemory) and not stream.is_placed):
            return None
        messages = [Put.of(message) for message in stream.since(0)]
        skipped = stream.skipped if isinstance(stream, LatestMemory) else (0, 0)
        return DumpedChannel(name, stream.seq, stream.reaches_back_to, messages, skipped)

    def followed_names(self) -> Sequence[str]:
        """The names of all channels that somebody on this node follows."""
        return [name for name, stream in self._streams.items() if stream.followers]

    def names(self) -> Sequence[str]:
        """The names of all channels in memory."""
        return list(self._streams)

    def load(self, dumped: DumpedChannel, channel: Channel) -> bool:
        """Bring the copy of a channel up to a dump, and deliver the messages that the copy lacks.

        Nothing is delivered if the dump lacks some of them, too, or if the copy has messages that the leader never got,
        because an earlier leader and the log lost them. Returns False if the channel has followers, which must then be
        resynchronised.
        """
        stream = self._streams.get(channel.name)
        if stream is None or not dumped.covers(stream.seq):
            self._replace(stream, channel, dumped)
            return stream is None or not stream.followers
        held = {message.seq: message.body for message in stream.since(0)} if isinstance(stream, EveryMemory) else {}
        for put in dumped.messages:
            if held.get(put.seq, put.body) != put.body:
                self.replace(channel, put.seq, put.body)
            elif isinstance(stream, EveryMemory):
                self.put(put, channel)
            elif put.seq > stream.seq:
                # The numbers between are those of messages that were replaced; they were not skipped.
                stream.seq = put.seq
                self._take(stream, put.message(channel))
        stream.seq = max(stream.seq, dumped.seq)
        if isinstance(stream, LatestMemory):
            # The leader covers no position below its own beginning, such as one that was skipped earlier.
            stream.reaches_back_to = max(stream.reaches_back_to, dumped.reaches_back_to)
            stream.skipped = dumped.skipped
        return True

    def forget_others(self, names: Collection[str]) -> bool:
        """Drop the memory of all channels but `names`, which are those of the leader. Returns False if one of them has
        followers, which must then be resynchronised."""
        others = [stream for stream in self._streams.values() if stream.channel.name not in names]
        for stream in others:
            if not stream.followers:
                self._forget(stream)
                continue
            anew = self._open(stream.channel)
            anew.followers = stream.followers
            anew.seq = anew.reaches_back_to = 0
            while stream.history_bytes:
                stream.shrink("reset")
        return not any(stream.followers for stream in others)

    def resynchronise(self) -> None:
        """Let all listeners recover their subscriptions."""
        for listener in self._listeners:
            listener.resynchronise()

    def _sweep_stream(self, stream: ChannelMemory) -> None:
        if self.leads:
            super()._sweep_stream(stream)
        else:
            stream.expire(self._clock.monotonic())

    def _replace(self, stream: ChannelMemory | None, channel: Channel, dumped: DumpedChannel) -> None:
        """Replace the memory of a channel by a dump, from whose beginning the channel cannot be recovered."""
        anew = self._place(channel, dumped.reaches_back_to)
        if stream is not None:
            anew.followers = stream.followers
            while stream.history_bytes:
                stream.shrink("reset")
        for put in dumped.messages:
            anew.add(put.message(channel), self._clock.monotonic())
        anew.seq = dumped.seq
        if isinstance(anew, LatestMemory):
            anew.skipped = dumped.skipped

    def _place(self, channel: Channel, seq: int) -> ChannelMemory:
        stream = self._open(channel)
        if isinstance(stream, EveryMemory):
            stream.place(seq)
        else:
            stream.seq = stream.reaches_back_to = seq
        return stream
