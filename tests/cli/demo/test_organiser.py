from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.cli.demo.api import Api, Passes, Refused
from duelcast.cli.demo.crowd import PARTICIPANTS, Crowd
from duelcast.cli.demo.organiser import Organiser
from duelcast.cli.demo.people import ADMIN, BOTS, GUEST, Person
from duelcast.clock import ManualClock
from duelcast.domain.accounts.tokens import TokenIssuer
from duelcast.domain.audit import Actor
from duelcast.domain.contests.terms import NewContest
from duelcast.wire.timestamps import format_time
from tests.e2e.market import post_price
from tests.serving import SECRET, running

ROUND_S = 60.0


@asynccontextmanager
async def organising(clock: ManualClock) -> AsyncIterator[tuple[App, Organiser, Crowd]]:
    """A server with one token to buy, and those who act on it."""
    async with running(clock) as app:
        await post_price(app, "SOL", 100)
        rng = random.Random(7)
        async with Api(f"http://127.0.0.1:{app.port}", None, Passes(TokenIssuer(clock, SECRET))) as api:
            crowd = Crowd(api, [], clock, rng)
            await crowd.look_at_market()
            yield app, Organiser(api, clock, rng, ROUND_S), crowd


async def test_everybody_is_stored_with_a_nickname_and_bots_with_their_role() -> None:
    async with organising(ManualClock()) as (app, organiser, _):
        await organiser.set_up_users()
        for person in (*BOTS, GUEST, ADMIN):
            account = await app.leader.accounts.find(person.wallet)
            assert account is not None
            assert account.nickname == person.nickname
            assert account.role == (person.role if person in BOTS else None)


async def test_whoever_tries_the_demo_begins_with_an_empty_inbox() -> None:
    async with organising(ManualClock()) as (app, organiser, _):
        await organiser.set_up_users()
        await organiser.set_up_users()
        for person in (GUEST, ADMIN):
            assert (await app.leader.notifications.reader.unread(person.wallet, 20)).data == []


async def test_where_nothing_is_a_contest_is_opened_and_started_by_hand() -> None:
    async with organising(ManualClock()) as (_, organiser, crowd):
        lineup = await organiser.lineup()
        assert organiser.to_start(lineup) is None
        assert organiser.needs_next(lineup)
        opened = await organiser.open_next(lineup)
        lineup = await organiser.lineup()
        assert organiser.to_start(lineup) == opened
        await crowd.enter_all(opened.id)
        await organiser.start(opened)
        lineup = await organiser.lineup()
        assert lineup.active is not None
        assert lineup.active.id == opened.id


async def test_each_bot_asks_once_though_some_enter_while_all_do(monkeypatch: pytest.MonkeyPatch) -> None:
    send, asked = Api.send, list[str]()

    async def counted(api: Api, person: Person, *content: Any, **more: Any) -> Any:
        asked.append(person.wallet)
        return await send(api, person, *content, **more)

    async with organising(ManualClock()) as (app, organiser, crowd):
        contest = await organiser.open_soon("Cup")
        monkeypatch.setattr(Api, "send", counted)
        await crowd.go_to([contest.id])
        await crowd.enter_one(contest.id)
        await asyncio.gather(crowd.enter_all(contest.id), *(crowd.enter_one(contest.id) for _ in range(3)))
        assert app.leader.contests.book[contest.id].participants == PARTICIPANTS
        assert len(asked) == len(set(asked)) == PARTICIPANTS


@pytest.mark.parametrize("arrives", [True, False], ids=["the answer is lost", "the request is lost"])
async def test_all_bots_enter_though_the_first_attempt_of_each_gets_no_answer(
    monkeypatch: pytest.MonkeyPatch, arrives: bool
) -> None:
    send, tried = Api.send, set[str]()

    async def sent_badly(api: Api, person: Person, *content: Any, **more: Any) -> Any:
        is_first = person.wallet not in tried
        tried.add(person.wallet)
        answer = await send(api, person, *content, **more) if arrives or not is_first else None
        if is_first:
            raise Refused
        return answer

    async with organising(ManualClock()) as (app, organiser, crowd):
        opened = await organiser.open_soon("Cup")
        monkeypatch.setattr(Api, "send", sent_badly)
        await crowd.enter_all(opened.id)
        assert app.leader.contests.book[opened.id].participants == PARTICIPANTS


async def test_a_contest_nobody_entered_is_not_started() -> None:
    async with organising(ManualClock()) as (_, organiser, _crowd):
        opened = await organiser.open_soon("Cup")
        with pytest.raises(Refused):
            await organiser.start(opened)


async def test_the_next_one_follows_without_a_gap_and_is_left_to_the_clock() -> None:
    clock = ManualClock()
    async with organising(clock) as (_, organiser, crowd):
        first = await organiser.open_soon("Cup")
        await crowd.enter_all(first.id)
        await organiser.start(first)
        second = await organiser.open_next(await organiser.lineup())
        assert second.start_s == first.end_s
        await crowd.enter_all(second.id)
        await clock.advance(first.end_s - clock.time())
        lineup = await organiser.lineup()
        assert organiser.to_start(lineup) is None
        assert organiser.needs_next(lineup)
        third = await organiser.open_next(lineup)
        assert third.start_s == second.end_s
        assert not organiser.needs_next(await organiser.lineup())


async def test_contests_of_others_are_not_the_demos() -> None:
    clock = ManualClock()
    async with organising(clock) as (app, organiser, _):
        async with Api(f"http://127.0.0.1:{app.port}", None, Passes(TokenIssuer(clock, SECRET))) as api:
            terms = {"name": "Mine", "start_time": "2027-01-15T09:00:00Z", "end_time": "2027-01-15T10:00:00Z"}
            await api.send(ADMIN, "POST", "/contests", terms, kind=dict[str, object])
        assert (await organiser.lineup()).live == []
        assert await organiser.last_completed() is None


async def test_the_demos_contests_are_found_behind_pages_of_others() -> None:
    clock = ManualClock()
    async with organising(clock) as (app, organiser, _):
        opened = await organiser.open_soon("Cup")
        for number in range(120):
            start_s = clock.time() + 3_600 + number
            terms = NewContest(name="Mine", start_time=format_time(start_s), end_time=format_time(start_s + 60))
            await app.leader.contests.organising.create(terms, Actor("boss", Role.ADMIN))
        assert (await organiser.lineup()).live == [opened]
