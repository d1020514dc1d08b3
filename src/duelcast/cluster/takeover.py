"""How a candidate becomes the leader: nothing that the last leader acknowledged is lost, and nothing that it still does
counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial

import structlog

from duelcast.backoff import Backoff
from duelcast.channels.broker import StoredMessage
from duelcast.channels.copied import CopiedChannels
from duelcast.channels.log_reader import LogReader
from duelcast.channels.log_writer import LogWriter
from duelcast.channels.names import Channel
from duelcast.channels.records import BEGINNING, EPOCH, NUMBERS, RUN, URGENT, EntryId, encode_entry
from duelcast.channels.shared_log import Fenced, LogEntry, LogUnavailable, SharedLog
from duelcast.clock import Clock, time_ms
from duelcast.cluster.leadership import Leadership
from duelcast.store.backend import TermLost
from duelcast.store.database import Database
from duelcast.store.epoch import Seen
from duelcast.store.lease import LeaseUnavailable
from duelcast.store.unpublished import Unpublished, find_unpublished, stored_bodies
from duelcast.tasks import cancel, first_ended

FIRST_RETRY_S, LONGEST_RETRY_S = 0.05, 1.0
FINISH_S = 2.0
"""How long a leader that stops waits for the log to take its last entries."""

Load = Callable[[AsyncExitStack], Awaitable[str]]
"""Loads the domain, once the database is open, and every message that the last leader committed is published. Returns
the address at which gateways can ask it. Pushes what is to be closed."""

log = structlog.get_logger("duelcast.leadership")


class Takeover:
    """The steps of a candidate. Until it wins, its `copied` channels follow the log through `reader`; then they become
    the channels of the leader, which `writer` appends to the log. `find` returns the channel with a name, if there may
    be one."""

    def __init__(
        self,
        leadership: Leadership,
        shared: SharedLog,
        reader: LogReader,
        copied: CopiedChannels,
        writer: LogWriter,
        database: Database,
        find: Callable[[str], Channel | None],
        clock: Clock,
    ) -> None:
        self._leadership = leadership
        self._shared = shared
        self._reader = reader
        self._copied = copied
        self._writer = writer
        self._database = database
        self._find = find
        self._copy_is_complete = False
        """Whether the node knows everything that the log has now; false before it has won the term."""
        self._clock = clock
        self.writing: asyncio.Task[None] | None = None
        """Appends to the log; None before the node leads."""
        self.knows_all = False
        """Whether no other node can know more, because the log has lost nothing either."""
        self.urgent_positions: Mapping[Channel, int] = {}
        """The positions of the urgent channels when the node began to lead."""
        self.begins_anew = False
        """Whether the node begins with empty channels, so that nothing in the log before its term counts."""

    async def run(self, started: AsyncExitStack, load: Load) -> None:
        """Wait for the term, and take over. `started` appends what is waiting, closes the database and ends the term,
        also if this fails.

        The bus of the database must be the `copied` channels. Raises whatever `load` raises, `ConfigurationError`
        (`TermLost` if another node has taken over meanwhile), `Fenced`, `Unavailable`, `LogUnavailable` and
        `UnknownEntry`.
        """
        started.push_async_callback(self._leadership.resign)
        opened = await self._open_term()
        run_id = await self._shared.run_id()
        self._copy_is_complete = await self._reader.read_up_to(opened)
        # If the last leader has not seen this run of the log's server, other nodes may have read more than it has.
        is_same_run = run_id != "" and self._reader.facts.get(RUN, b"").decode() == run_id
        self.knows_all = self._copy_is_complete and is_same_run
        numbers = int(self._reader.facts.get(NUMBERS, b"0"))
        await self._database.open(Seen(self._known_positions(), self.knows_all, numbers))
        started.push_async_callback(self._database.close)
        started.push_async_callback(self._stop_writing)
        await self._lead(opened, run_id, load, started)

    # ── winning ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _open_term(self) -> EntryId:
        """Follow the log until this node has won a term and opened it: from then on, the log refuses the last leader's
        entries. Returns the entry that opened the term."""
        reading, winning = asyncio.create_task(self._reader.run()), asyncio.create_task(self._win())
        try:
            await first_ended([reading, winning])
            return winning.result()
        finally:
            await cancel([reading, winning])

    async def _win(self) -> EntryId:
        backoff = Backoff(self._clock, first_s=FIRST_RETRY_S, longest_s=LONGEST_RETRY_S)
        while True:
            try:
                # A node that cannot reach the log must leave the term to others.
                top = await self._shared.top()
                above = partial(self._latest_term, top.term)
                opened = EntryId(await self._leadership.win(above, lambda: self._reader.failure is None), 0)
                data = encode_entry(opened, time_ms(self._clock), ())
                await self._shared.append(LogEntry(opened, data), BEGINNING)
            except Fenced:
                continue  # the log knows a later term than the database did
            except LogUnavailable as error:
                log.error("log_unavailable", reason=str(error))
                await self._leadership.resign()
                await backoff.wait()
            else:
                return opened

    def _latest_term(self, logged: int) -> int:
        """The new term follows this one. Terms grow with the clock, so that a number names one term, even if the
        database and the log have lost it."""
        return max(logged, self._reader.term, time_ms(self._clock) - 1)

    # ── leading ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _lead(self, opened: EntryId, run_id: str, load: Load, started: AsyncExitStack) -> None:
        epoch = self._database.epoch
        # A leader that died before it published anything may have begun another epoch than that of all copies.
        copied_epoch = self._reader.facts.get(EPOCH, b"").decode()
        is_known = self._copy_is_complete and copied_epoch == epoch.name
        unpublished = await self._find_unpublished() if is_known else None
        self.begins_anew = unpublished is None
        is_another = epoch.is_new or copied_epoch not in ("", epoch.name)
        self.urgent_positions = self._database.urgent_positions if is_another else self._store_urgent()
        if unpublished is None:
            # This node knows less than others, or something else. So it begins with empty channels, like a server
            # without a cluster, and every other node replaces its copy.
            if self._database.log.numbers:
                log.warning("begins_anew", term=opened.term)
            self._copied.reset()
        self._writer.confirm = self._confirm
        self._writer.open(opened, BEGINNING if unpublished is None else self._reader.position, run_id)
        self._writer.attach_to(self._copied)
        if unpublished is not None:
            await self._publish(unpublished)
        self._copied.lead(epoch.name, epoch.latest_floor, self.urgent_positions)
        address = await load(started)
        # A standby may have taken the place of the database while the domain was loaded.
        await self._leadership.check()
        await self._writer.begin()
        if await self._shared.run_id() != run_id:
            # It may have lost the entry that opened the term, and then taken entries of the last leader.
            raise LogUnavailable("The server of the log has restarted during the takeover.")
        self.writing = asyncio.create_task(self._writer.run())
        await self._leadership.announce(address, epoch.name)
        log.info("leading", term=opened.term)

    async def _confirm(self) -> None:
        """See `LogWriter.confirm`."""
        try:
            await self._leadership.check()
        except TermLost:
            raise Fenced from None
        except LeaseUnavailable as error:
            raise LogUnavailable(str(error)) from None

    async def _stop_writing(self) -> None:
        if self.writing is None:
            return
        if not self.writing.done():
            await self._writer.finish(FINISH_S)
        await cancel([self.writing])

    async def _find_unpublished(self) -> Sequence[Unpublished] | None:
        urgent = {channel.name: seq for channel, seq in self._database.urgent_positions.items()}
        known = dict.fromkeys(urgent, 0) | self._known_positions()
        async with self._database.read() as transaction:
            return await find_unpublished(transaction, known, urgent)

    async def _publish(self, unpublished: Sequence[Unpublished]) -> None:
        """Publish messages that the last leader committed, and what it deleted on their channels at the same time."""
        positions = self._copied.every_positions()
        for name, seq, body in unpublished:
            channel = self._channel(name)
            if channel is not None:
                self._copied.broadcast(channel, seq, body)
        async with self._database.read() as transaction:
            for name in {message.channel for message in unpublished} & positions.keys():
                dumped = self._copied.dump(name)
                channel = self._channel(name)
                assert dumped is not None
                assert channel is not None
                bodies = await stored_bodies(transaction, name, dumped.reaches_back_to, positions[name])
                for put in dumped.messages:
                    if bodies.get(put.seq, put.body) != put.body:
                        self._copied.replace(channel, put.seq, bodies[put.seq])
        if unpublished:
            log.info("caught_up", messages=len(unpublished))

    def _store_urgent(self) -> Mapping[Channel, int]:
        """Have the database store what the last leader published while the database was down, and skip the numbers of
        messages that are lost; returns the positions of the urgent channels."""
        known, positions = self._known_positions(), dict(self._database.urgent_positions)
        for channel, stored in self._database.urgent_positions.items():
            dumped = self._copied.dump(channel.name)
            if dumped is not None:
                lacking = [StoredMessage(put.seq, put.body, 0.0) for put in dumped.messages if put.seq > stored]
                self._database.log.adopt(channel, lacking)
            positions[channel] = max(stored, known.get(channel.name, 0))
            self._database.log.skip(channel, positions[channel])
        return positions

    def _known_positions(self) -> dict[str, int]:
        """The positions of *every* channels that this node knows, by their names. It knows that of an urgent channel
        even without messages, if the channel has been silent since a leader began anew."""
        urgent = {name: int(value) for (kind, _, name), value in self._reader.facts.items() if kind == URGENT}
        return urgent | dict(self._copied.every_positions())

    def _channel(self, name: str) -> Channel | None:
        return self._copied.find(name) or self._find(name)
