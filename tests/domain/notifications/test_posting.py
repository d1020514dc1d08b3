"""Notifications that come from outside."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from duelcast.domain.audit import Actor
from duelcast.domain.notifications.posting import PostedNotifications, Posting
from duelcast.errors import InvalidRequest, Unavailable
from duelcast.store.notifications import EVERYBODY
from tests.domain.notifications.mailroom import BOSS, Mailroom, new
from tests.storing import moved_away

BY = Actor.of(BOSS)


@pytest.fixture
def posting(room: Mailroom) -> Posting:
    return room.notifications.posting


async def test_each_wallet_counts_as_what_became_of_it(room: Mailroom, posting: Posting) -> None:
    posted = await posting.post(BY, ["ann", "bob", "ann", "b d", "", "x" * 65], new(EVERYBODY, dedupe_key="k"))
    assert posted == PostedNotifications(created=2, duplicate=1, invalid=3)
    posted = await posting.post(BY, ["bob", "eve", "?"], new(EVERYBODY, dedupe_key="k"))
    assert posted == PostedNotifications(created=1, duplicate=1, invalid=1)
    assert [await room.unread(wallet) for wallet in ("ann", "bob", "eve", EVERYBODY)] == [
        (1, 1),
        (1, 1),
        (1, 1),
        (0, 0),
    ]


async def test_an_announcement_can_be_repeated_too(room: Mailroom, posting: Posting) -> None:
    assert await posting.announce(BY, new(dedupe_key="k")) == PostedNotifications(created=1)
    assert await posting.announce(BY, new(dedupe_key="k")) == PostedNotifications(duplicate=1)
    assert room.take() == [("system.announcements", "notification", 1)]


async def test_a_post_is_recorded_with_its_counts_and_without_its_text(room: Mailroom, posting: Posting) -> None:
    await posting.post(BY, ["ann", "?", "ann"], new(title="a secret", content="a secret", data={"a": "secret"}))
    await posting.announce(BY, new())
    recorded = [(act.wallet, act.action, act.target, act.details) for act in await room.acts()]
    assert recorded == [
        ("boss", "notifications.post", "wallets", {"type": "NEWS", "created": 1, "duplicate": 1, "invalid": 1}),
        ("boss", "notifications.post", "broadcast", {"type": "NEWS", "created": 1, "duplicate": 0, "invalid": 0}),
    ]


async def test_thousands_are_stored_together_and_each_told_once(room: Mailroom, posting: Posting) -> None:
    wallets = [f"w{number}" for number in range(1_201)]
    assert await posting.post(BY, wallets, new()) == PostedNotifications(created=1_201)
    told = room.take()
    expected = {(f"user.notifications.{wallet}", "unread_count", (1, 1)) for wallet in wallets}
    assert {each for each in told if each[1] == "unread_count"} == expected
    assert len(told) == 2_402


async def test_posts_at_the_same_time_store_a_key_once(room: Mailroom, posting: Posting) -> None:
    posts = [posting.post(BY, ["ann", "bob"], new(dedupe_key="k")) for _ in range(5)]
    posted = await asyncio.gather(*posts)
    assert sorted(each.created for each in posted) == [0, 0, 0, 0, 2]


async def test_what_is_over_already_is_refused(room: Mailroom, posting: Posting) -> None:
    now_ms = int(room.clock.time() * 1000)
    with pytest.raises(InvalidRequest) as refusal:
        await posting.announce(BY, new(expires_ms=now_ms))
    assert refusal.value.field == "expires_at"
    assert (await posting.announce(BY, new(expires_ms=now_ms + 1))).created == 1


async def test_without_a_database_nothing_is_told(room: Mailroom, posting: Posting, tmp_path: Path) -> None:
    with moved_away(tmp_path / "duelcast.db"), pytest.raises(Unavailable):
        await posting.post(BY, ["ann"], new())
    assert (room.take(), await room.unread()) == ([], (0, 0))
