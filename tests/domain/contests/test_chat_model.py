"""Whatever happens to a chat, it is what a list says: each message once, in order, and gone where it was deleted."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import uvloop
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from duelcast.clock import ManualClock
from duelcast.domain.contests.chat import ChatSettings, Sent
from duelcast.domain.contests.errors import ChatMessageNotFound, Muted
from duelcast.store.contests import COMPLETED
from tests.domain.contests.chatroom import ADMIN, CONTESTS, Chatroom, chatroom, decode, uuid_of
from tests.examples import examples

RETENTION_S = 200.0
SETTINGS = ChatSettings(messages_per_minute=0)
T = TypeVar("T")

contests = st.sampled_from(CONTESTS)
wallets = st.sampled_from(("ann", "bob"))
message_ids = st.one_of(st.none(), st.integers(1, 4).map(uuid_of))
writings = st.tuples(contests, wallets, message_ids)


@dataclass
class Line:
    """A message of the model."""

    contest_id: int
    wallet: str
    message_id: str | None
    text: str
    at_s: float
    id: int
    deleted: bool = False


class ChatMachine(RuleBasedStateMachine):
    """Two wallets write in two contests, an admin deletes and mutes, the server restarts, and somebody follows."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._folder = tempfile.TemporaryDirectory()
        self.clock = ManualClock()
        self.lines: list[Line] = []
        self.muted_until_s: dict[tuple[int, str], float] = {}
        self.ended: set[int] = set()
        self.written = 0
        self.acts = 0
        self.published: dict[int, list[tuple[str, int]]] = {contest_id: [] for contest_id in CONTESTS}
        """What must have been published, by contest: type and id."""
        self.outdated: set[int] = set()
        """Ids of messages that retention deleted."""

    @initialize()
    def start(self) -> None:
        self._open: AbstractAsyncContextManager[Chatroom] = chatroom(
            Path(self._folder.name) / "chat.db", self.clock, SETTINGS
        )
        self.room = self.run(self._open.__aenter__())
        self.started_at = {contest_id: len(self.published[contest_id]) for contest_id in CONTESTS}
        """How many messages each channel had by then."""

    def teardown(self) -> None:
        if hasattr(self, "room"):
            self.run(self._open.__aexit__(None, None, None))
        self._runner.close()
        self._folder.cleanup()

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(doing)

    def mutes(self, contest_id: int) -> list[str]:
        now_s = self.clock.time()
        return sorted(
            wallet for (where, wallet), until_s in self.muted_until_s.items() if where == contest_id and until_s > now_s
        )

    def visible(self, contest_id: int) -> list[Line]:
        return [line for line in self.lines if line.contest_id == contest_id and not line.deleted]

    # ── what happens ────────────────────────────────────────────────────────────────────────────────────────────

    @rule(group=st.lists(writings, min_size=1, max_size=6))
    def write(self, group: list[tuple[int, str, str | None]]) -> None:
        """Several at once, repeats among them."""
        texts = [str(self.written + number) for number in range(len(group))]
        self.written += len(group)
        for (contest_id, wallet, message_id), text, outcome in zip(
            group, texts, self.run(self._send(group, texts)), strict=True
        ):
            known = [
                line
                for line in self.lines
                if message_id and (line.contest_id, line.wallet, line.message_id) == (contest_id, wallet, message_id)
            ]
            if known and known[0].deleted:
                assert isinstance(outcome, ChatMessageNotFound)
            elif known:
                assert isinstance(outcome, Sent)
                assert (outcome.duplicate, outcome.record.id, outcome.record.text) == (True, known[0].id, known[0].text)
            elif wallet in self.mutes(contest_id):
                assert isinstance(outcome, Muted)
            else:
                assert isinstance(outcome, Sent)
                assert not outcome.duplicate
                assert all(line.id < outcome.record.id for line in self.lines)
                self.lines.append(Line(contest_id, wallet, message_id, text, self.clock.time(), outcome.record.id))
                self.published[contest_id].append(("chat_message", outcome.record.id))

    async def _send(self, group: list[tuple[int, str, str | None]], texts: list[str]) -> list[Sent | BaseException]:
        sending = [
            self.room.send(text, message_id, contest_id=contest_id, wallet=wallet)
            for (contest_id, wallet, message_id), text in zip(group, texts, strict=True)
        ]
        return await asyncio.gather(*sending, return_exceptions=True)

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """A message that is there, was there, or never was."""
        if not self.lines:
            return
        line = data.draw(st.sampled_from(self.lines))
        self.run(self.room.chat.delete(line.contest_id, line.id, ADMIN))
        if not line.deleted:
            line.deleted = True
            self.published[line.contest_id].append(("chat_message_deleted", line.id))
            self.acts += 1

    @rule(contest_id=contests, wallet=wallets, seconds=st.one_of(st.none(), st.sampled_from((1.0, 30.0))))
    def mute(self, contest_id: int, wallet: str, seconds: float | None) -> None:
        until_ms = None if seconds is None else self.room.now_ms + round(seconds * 1000)
        self.run(self.room.chat.mutes.mute(contest_id, wallet, until_ms, ADMIN))
        self.muted_until_s[contest_id, wallet] = float("inf") if until_ms is None else until_ms / 1000
        self.acts += 1

    @rule(contest_id=contests, wallet=wallets)
    def unmute(self, contest_id: int, wallet: str) -> None:
        self.run(self.room.chat.mutes.unmute(contest_id, wallet, ADMIN))
        self.acts += self.muted_until_s.pop((contest_id, wallet), None) is not None

    @rule(seconds=st.sampled_from((0.5, 10.0, 150.0)))
    def wait(self, seconds: float) -> None:
        self.run(self.clock.advance(seconds))

    @rule(contest_id=contests)
    def end(self, contest_id: int) -> None:
        self.run(self.room.end_contest(contest_id, COMPLETED))
        self.ended.add(contest_id)

    @rule()
    def keep_house(self) -> None:
        self.run(self.room.chat.delete_old(RETENTION_S / 86_400))
        oldest_s = self.clock.time() - RETENTION_S
        kept = [line for line in self.lines if line.contest_id not in self.ended or line.at_s >= oldest_s]
        self.outdated |= {line.id for line in self.lines} - {line.id for line in kept}
        self.lines = kept
        now_s = self.clock.time()
        self.muted_until_s = {key: until_s for key, until_s in self.muted_until_s.items() if until_s > now_s}

    @rule()
    def restart(self) -> None:
        self.run(self._open.__aexit__(None, None, None))
        self.start()

    # ── what must hold ──────────────────────────────────────────────────────────────────────────────────────────

    @rule(contest_id=contests, limit=st.integers(1, 5), number=st.integers(-1, 30), forward=st.booleans())
    def a_page_is_a_part_of_the_list(self, contest_id: int, limit: int, number: int, forward: bool) -> None:
        lines = self.visible(contest_id)
        if forward:
            found, more = self.run(self.room.chat.page(contest_id, after_id=number, limit=limit))
            rest = [line.id for line in lines if line.id > number]
            page = rest[:limit]
        else:
            found, more = self.run(self.room.chat.page(contest_id, before_id=number, limit=limit))
            rest = [line.id for line in lines if line.id < number]
            page = rest[-limit:]
        assert [record.id for record in found] == page
        assert more == (len(rest) > limit)

    @invariant()
    def the_store_is_the_list(self) -> None:
        for contest_id in CONTESTS:
            stored = self.run(self.room.stored(contest_id))
            assert [(record.id, record.sender.wallet, record.text) for record in stored] == [
                (line.id, line.wallet, line.text) for line in self.visible(contest_id)
            ]
            position = len(self.published[contest_id])
            assert self.run(self.room.chat.last(contest_id, 3)) == (stored[-3:], position)

    @invariant()
    def everything_is_published_once_and_in_order(self) -> None:
        for contest_id in CONTESTS:
            told = [
                (push["type"], push["data"]["id"] if "data" in push else push["id"])
                for push in self.room.pushes(contest_id)
            ]
            started_at = self.started_at[contest_id]
            assert told == self.published[contest_id][started_at:]
            numbers = [each.seq for each in self.room.listener.messages if each.channel.name == f"chat.{contest_id}"]
            assert numbers == list(range(started_at + 1, started_at + len(told) + 1))

    @invariant()
    def recovery_has_each_message_or_its_deletion_in_its_place(self) -> None:
        for contest_id in CONTESTS:
            bodies = [decode(message) for message in self.run(self.room.recovered(contest_id=contest_id))]
            deleted = {number for kind, number in self.published[contest_id] if kind == "chat_message_deleted"}
            expected = [
                ("chat_message_deleted" if number in deleted | self.outdated else kind, number)
                for kind, number in self.published[contest_id]
            ]
            assert [(body["type"], body["data"]["id"] if "data" in body else body["id"]) for body in bodies] == expected

    @invariant()
    def the_muted_are_listed(self) -> None:
        for contest_id in CONTESTS:
            assert self.room.chat.mutes.muted(contest_id) == self.mutes(contest_id)

    @invariant()
    def every_act_is_in_the_audit_trail_once(self) -> None:
        assert len(self.run(self.room.acts())) == min(self.acts, 100)


def test_a_chat_is_what_a_list_says_whatever_happens() -> None:
    run_state_machine_as_test(ChatMachine, settings=settings(max_examples=examples(20), stateful_step_count=25))
