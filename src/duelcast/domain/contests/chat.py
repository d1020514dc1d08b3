"""The chat of contests. Each message is stored once, and messages are published in the order in which they were stored
(protocol §5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from msgspec import UNSET, Struct

from duelcast.channels.broker import Origin
from duelcast.channels.names import Role
from duelcast.channels.publisher import Broadcast, Erase, Published
from duelcast.clock import Clock, time_ms
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.contests.chat_text import clean_text
from duelcast.domain.contests.errors import ChatMessageNotFound, ContestNotFound
from duelcast.domain.contests.events import CHAT, ChatMessage, ChatMessageDeleted, ChatMessageRecord, Sender
from duelcast.domain.contests.mutes import Mutes
from duelcast.errors import AppError, InvalidRequest, InvalidState
from duelcast.ratelimit import Allowance
from duelcast.store import chat as store
from duelcast.store import contests
from duelcast.store.channel_log import positions_of
from duelcast.store.chat import MessageKey, MessagePlace, MessageRow, NewMessage
from duelcast.store.database import Database, Transaction
from duelcast.wire.timestamps import format_ms

SNAPSHOT_MESSAGES = 20
_ROWS_PER_DELETE = 500
_MS_PER_DAY = 86_400_000
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class ChatSettings(Struct, frozen=True, kw_only=True):
    """A wallet may write `messages_per_minute` × `rate_limit_factor` messages a minute in a contest; if either is 0,
    there is no limit. A message may have at most `max_characters` characters, counted as `clean_text` describes.
    """

    messages_per_minute: float = 10
    max_characters: int = 500
    rate_limit_factor: float = 1.0


class Sent(NamedTuple):
    """A stored message; `duplicate` says whether it had been stored before."""

    record: ChatMessageRecord
    duplicate: bool


class _Draft(Struct, frozen=True, gc=False):
    """A message waiting to be stored. `refusal` is the error to raise unless the message turns out to be a repeat; None
    if there is no such error."""

    message: NewMessage
    refusal: AppError | None
    origin: Origin | None


class Chat:
    """Messages of all contests, on the channels `chat.{contestId}`.

    Within a contest, a later message has both a higher id and a higher number on the channel. `closed` returns
    the error to raise if nobody may write in a contest, else None; it raises `ContestNotFound` if there is no such
    contest. `settings` is called whenever a setting is needed.
    """

    def __init__(
        self,
        clock: Clock,
        database: Database,
        audit: AuditTrail,
        settings: Callable[[], ChatSettings],
        closed: Callable[[int], InvalidState | None],
    ) -> None:
        self.mutes = Mutes(database, clock, audit)
        self._clock = clock
        self._database = database
        self._audit = audit
        self._settings = settings
        self._closed = closed
        self._rate = Allowance(
            clock,
            lambda: (settings().messages_per_minute, settings().rate_limit_factor),
            lambda count: f"You may write {count:g} messages a minute in this contest: wait a little.",
        )

    async def load(self) -> None:
        """Read the mutes. Call this once, before the first use. Raises `Unavailable`."""
        await self.mutes.load()

    # ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def send(
        self, contest_id: int, sender: Identity, text: str, message_id: str | None = None, origin: Origin | None = None
    ) -> Sent:
        """Store a message and publish it with `origin`. Returns once the message is committed.

        `message_id` (a UUID, stored in lower case) makes it safe to send a message again: as long as the first message
        is kept, a repeat returns it, even if the text of the repeat differs. A repeat is not published, does not count
        against the rate, and is answered even during a mute and in a closed chat. Raises the errors of `clean_text`,
        those that `closed` returns or raises, `InvalidRequest` if `message_id` is not a UUID, `Muted`,
        `RateLimitExceeded`, `Unavailable`, and `ChatMessageNotFound` for a repeat of a deleted message.
        """
        text = clean_text(text, self._settings().max_characters)
        message_id = _normalised(message_id)
        refusal = (
            self._closed(contest_id)
            or self.mutes.refusal(contest_id, sender.wallet)
            or self._rate.take(f"{contest_id} {sender.wallet}")
        )
        if refusal is not None and message_id is None:
            raise refusal
        now_ms = time_ms(self._clock)
        message = NewMessage(contest_id, sender.wallet, sender.nickname, int(sender.role), text, message_id, now_ms)
        draft = _Draft(message, refusal, origin)
        return await self._database.publish_batched(
            self._store, draft, partial(self._count, draft), lambda _refusal: self._uncount(draft)
        )

    async def _store(self, transaction: Transaction, drafts: Sequence[_Draft]) -> list[Published[Sent] | AppError]:
        """Store those of `drafts` that are new, in their order, and return the outcome of each draft."""
        keys = [draft.message.key or number for number, draft in enumerate(drafts)]
        new: dict[MessageKey | int, NewMessage] = {}
        for key, draft in zip(keys, drafts, strict=True):
            if draft.refusal is None:
                new.setdefault(key, draft.message)
        added = dict(zip(new, await store.add_messages(transaction, list(new.values())), strict=True))
        asked = [key for key in keys if not isinstance(key, int) and added.get(key) is None]
        known = await store.find_repeated(transaction, asked)
        outcomes: list[Published[Sent] | AppError] = []
        for key, draft in zip(keys, drafts, strict=True):
            row = added.get(key)
            if row is not None:
                record, is_first = _record(row), new[key] is draft.message
                outgoing = [_broadcast(record, draft.origin)] if is_first else []
                outcomes.append(Published(Sent(record, duplicate=not is_first), outgoing))
            elif not isinstance(key, int) and key in known:
                outcomes.append(_repeated(known[key]))
            else:
                assert draft.refusal is not None
                outcomes.append(draft.refusal)
        return outcomes

    def _count(self, draft: _Draft, sent: Sent) -> None:
        if sent.duplicate:
            self._uncount(draft)

    def _uncount(self, draft: _Draft) -> None:
        if draft.refusal is None:
            self._rate.give_back(f"{draft.message.contest_id} {draft.message.wallet}")

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def page(
        self, contest_id: int, *, before_id: int | None = None, after_id: int | None = None, limit: int = 50
    ) -> tuple[list[ChatMessageRecord], bool]:
        """At most `limit` messages ordered by id (those just before `before_id`, those just after `after_id`, or the
        newest), and whether there are more in that direction. Raises `Unavailable`, and `InvalidRequest` if both ids
        are given."""
        if before_id is not None and after_id is not None:
            raise InvalidRequest("Give `beforeId` or `afterId`, not both.", field="afterId")
        async with self._database.read() as transaction:
            if after_id is not None:
                rows = await store.messages_after(transaction, contest_id, after_id, limit + 1)
            else:
                rows = await store.messages_before(transaction, contest_id, before_id, limit + 1)
        page = rows[:limit] if after_id is not None else rows[:limit][::-1]
        return [_record(row) for row in page], len(rows) > limit

    async def last(self, contest_id: int, limit: int = SNAPSHOT_MESSAGES) -> tuple[list[ChatMessageRecord], int]:
        """The newest messages ordered by id, and the channel's position when they were read. Raises `Unavailable`."""
        return await self._database.read_grouped(_last, (contest_id, limit))

    # ── deleting ────────────────────────────────────────────────────────────────────────────────────────────────

    async def delete(self, contest_id: int, message_id: int, actor: Actor) -> None:
        """Delete the text of a message from the store and from the channel's history, and publish the deletion.
        Deleting a message again does nothing.

        Raises `ContestNotFound`, `ChatMessageNotFound`, `Unavailable`.
        """

        async def work(transaction: Transaction) -> Published[None]:
            if await contests.find_contest(transaction, contest_id) is None:
                raise ContestNotFound("There is no such contest.")
            message = await store.find_message(transaction, contest_id, message_id)
            if message is None:
                raise ChatMessageNotFound("The contest has no such message.")
            if message.deleted_ms is not None:
                return Published(None, ())
            await store.erase_message(transaction, message_id, time_ms(self._clock))
            target = f"contests/{contest_id}/chat/{message_id}"
            await self._audit.record(transaction, actor, "chat.delete", target, {"wallet": message.wallet})
            channel, event = CHAT.channel(str(contest_id)), ChatMessageDeleted(contestId=contest_id, id=message_id)
            return Published(None, [Broadcast(channel, event), Erase(channel, [message_id], event)])

        await self._database.publish(work)

    async def delete_old(self, days: float) -> int:
        """Delete expired mutes and, in ended contests, messages older than `days` days. Returns the number of deleted
        messages; their `message_id`s count as new from then on. Raises `Unavailable`, in which case some messages may
        be left."""
        await self.mutes.delete_ended()
        before_ms = time_ms(self._clock) - int(days * _MS_PER_DAY)
        deleted = 0
        while True:
            # The search may take long; within the write transaction, it would hold up other writes.
            async with self._database.read() as transaction:
                outdated = await store.outdated_messages(transaction, before_ms, _ROWS_PER_DELETE)
            if not outdated:
                return deleted
            await self._database.publish(partial(_delete, outdated=outdated))
            deleted += len(outdated)


async def _delete(transaction: Transaction, outdated: Sequence[MessagePlace]) -> Published[None]:
    await store.delete_messages(transaction, [message.id for message in outdated])
    return Published(
        None,
        [
            Erase(
                CHAT.channel(str(message.contest_id)),
                [message.id],
                ChatMessageDeleted(contestId=message.contest_id, id=message.id),
            )
            for message in outdated
        ],
    )


async def _last(
    transaction: Transaction, asked: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], tuple[list[ChatMessageRecord], int]]:
    """`asked` lists contests, each with the number of messages wanted."""
    names = {contest_id: CHAT.channel(str(contest_id)).name for contest_id, _ in asked}
    positions = await positions_of(transaction, list(names.values()))
    found = {}
    for contest_id, limit in asked:
        rows = await store.messages_before(transaction, contest_id, None, limit)
        found[contest_id, limit] = [_record(row) for row in reversed(rows)], positions[names[contest_id]]
    return found


def _broadcast(record: ChatMessageRecord, origin: Origin | None) -> Broadcast:
    channel = CHAT.channel(str(record.contestId))
    return Broadcast(channel, ChatMessage(contestId=record.contestId, data=record), origin, record.id)


def _record(row: MessageRow) -> ChatMessageRecord:
    role = Role(row.role)
    return ChatMessageRecord(
        id=row.id,
        contestId=row.contest_id,
        sender=Sender(wallet=row.wallet, nickname=row.nickname, role=role.name.lower()),
        text=row.text,
        timestamp=format_ms(row.at_ms),
        isAdmin=role >= Role.ADMIN,
        messageId=UNSET if row.message_id is None else row.message_id,
    )


def _repeated(row: MessageRow) -> Published[Sent] | ChatMessageNotFound:
    if row.deleted_ms is not None:
        return ChatMessageNotFound("The message was stored, and an admin has deleted it since.")
    return Published(Sent(_record(row), duplicate=True), ())


def _normalised(message_id: str | None) -> str | None:
    """Return the id in lower case, because UUIDs have upper-case digits only in input (RFC 9562, section 4)."""
    if message_id is None:
        return None
    lower_case = message_id.lower()
    if not _UUID.fullmatch(lower_case):
        raise InvalidRequest(
            "`messageId` must be a UUID, such as 123e4567-e89b-42d3-a456-426614174000.", field="messageId"
        )
    return lower_case
