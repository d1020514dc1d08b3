"""Names of settings can be made up without end: a wallet follows so many, over all its connections (protocol §1.4)."""

from __future__ import annotations

from collections.abc import Iterable

from tests.e2e.settings.office import office
from tests.serving import Client, Frame, client

MOST = 1_000


def names(count: int, start: int = 0) -> list[str]:
    return [f"setting.made-up.{number}" for number in range(start, start + count)]


async def follow(member: Client, channels: Iterable[str]) -> list[Frame]:
    """Subscribe to `channels`, 500 at a time; what was refused."""
    wanted = list(channels)
    for index in range(0, len(wanted), 500):
        await member.send(type="subscribe", channels=wanted[index : index + 500])
    return [frame for frame in await member.drain() if frame["type"] == "error"]


async def is_refused(member: Client, key: str = "one.more") -> bool:
    answer = await member.ask(type="subscribe_setting", key=key)
    assert answer["type"] == "subscribed" or answer["code"] == "TOO_MANY_SUBSCRIPTIONS"
    return bool(answer["type"] == "error")


async def test_a_wallet_follows_a_thousand_over_all_its_connections() -> None:
    async with office() as here, here.socket("w1") as one, here.socket("w1") as other, here.socket("w2") as neighbour:
        assert await follow(one, names(600)) == []
        assert await follow(other, names(MOST - 600, start=600)) == []
        assert await is_refused(one)
        assert await is_refused(other)
        assert (await follow(other, names(3, start=5_000)))[0]["code"] == "TOO_MANY_SUBSCRIPTIONS"
        assert not await is_refused(neighbour)


async def test_what_is_refused_is_refused_as_a_whole() -> None:
    async with office() as here, here.socket("w1") as member:
        assert await follow(member, names(MOST - 1)) == []
        assert len(await follow(member, names(2, start=5_000))) == 1
        held = {row["channel"] for row in (await member.ask(type="get_subscriptions"))["data"]}
        assert held == set(names(MOST - 1))
        assert not await is_refused(member)


async def test_what_is_left_and_what_is_closed_makes_room() -> None:
    async with office() as here, here.socket("w1") as member:
        async with here.socket("w1") as other:
            await follow(other, names(500))
            await follow(member, names(500, start=500))
            await member.send(type="unsubscribe", channel=names(1, start=500)[0])
            assert not await is_refused(member)
            assert await is_refused(member, "two.more")
        while await is_refused(member, "two.more"):
            pass


async def test_following_the_same_name_again_costs_nothing() -> None:
    async with office() as here, here.socket("w1") as member:
        await follow(member, names(MOST))
        for _ in range(3):
            assert await follow(member, names(MOST)) == []


async def test_settings_that_are_there_do_not_count() -> None:
    async with office() as here, here.socket("w1") as member:
        await here.put("shop.motto", "x", visibility="user")
        await follow(member, names(MOST))
        assert not await is_refused(member, "shop.motto")


async def test_a_hidden_setting_counts_as_one_that_is_not_there() -> None:
    async with office() as here, here.socket("w1") as member, here.socket() as admin:
        await here.put("shop.secret-plan", "x", visibility="admin")
        for follower, refused in ((member, True), (admin, False)):
            await follow(follower, names(MOST))
            assert await is_refused(follower, "shop.secret-plan") is refused


async def test_made_up_categories_count_too() -> None:
    async with office() as here, here.socket("w1") as member:
        await follow(member, names(MOST))
        assert (await member.ask(type="subscribe_category", category="nothing"))["code"] == "TOO_MANY_SUBSCRIPTIONS"
        await here.put("shop.motto", "x", visibility="user")
        assert (await member.ask(type="subscribe_category", category="shop"))["type"] == "subscribed_category"


async def test_what_the_address_names_counts_too() -> None:
    async with office() as here, here.socket("w1") as member:
        await follow(member, names(MOST - 10))
        query = "?" + "&".join(f"channel={name}" for name in names(11, start=5_000))
        async with client(here.app, "system-settings", query, token=here.token("w1"), greeted=False) as other:
            greeting = await other.receive_until(type="connection_established")
            errors = [frame["code"] for frame in greeting if frame["type"] == "error"]
            assert errors == ["TOO_MANY_SUBSCRIPTIONS"]
            assert (await other.ask(type="get_subscriptions"))["data"] == []
        assert not await is_refused(member)
