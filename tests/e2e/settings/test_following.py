"""Reading and following settings (protocol §9, §2)."""

from __future__ import annotations

import io

import pytest

from duelcast.channels.names import Role
from tests.e2e.settings.office import ADMIN, Office, of_type, updates

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_everybody_is_greeted_with_what_they_may_see(office: Office) -> None:
    await office.put("greeted.open", 1, visibility="user")
    await office.put("greeted.hidden", 1)
    for wallet, writes, sees in (("ann", False, {"greeted.open"}), (ADMIN, True, {"greeted.open", "greeted.hidden"})):
        async with office.socket(wallet, greeted=False) as member:
            welcome, everything = await member.receive_many(2)
            assert (welcome["type"], welcome["canWrite"]) == ("welcome", writes)
            assert everything["type"] == "all_settings"
            found = everything["settings"]
            assert everything["version"] == max(setting["version"] for setting in found.values())
            assert {key for key in found if key.startswith("greeted.")} == sees
            assert ("chat.max_characters" in found) is writes
            assert found["maintenance_mode"]["value"] == {"enabled": False}
            assert ("updatedBy" in found["greeted.open"]) is writes
            again = await member.ask(type="get_all_settings")
            assert again["settings"] == found


async def test_the_version_of_all_settings_does_not_tell_of_hidden_ones(office: Office) -> None:
    await office.put("versioned.open", 1, visibility="user")
    async with office.socket("ann") as member:
        before = (await member.ask(type="get_all_settings"))["version"]
        for value in range(before + 3):
            await office.put("versioned.hidden", value)
        assert (await member.ask(type="get_all_settings"))["version"] == before
        async with office.socket("ann", greeted=False) as newcomer:
            assert (await newcomer.receive_until(type="all_settings"))[-1]["version"] == before
    async with office.socket() as admin:
        assert (await admin.ask(type="get_all_settings"))["version"] == before + 3


async def test_a_declared_setting_that_nobody_stored_has_version_0(office: Office) -> None:
    async with office.socket() as admin:
        setting = (await admin.ask(type="get_setting", key="market.price_interval_ms"))["setting"]
        assert (setting["value"], setting["value_type"], setting["version"]) == (100, "number", 0)
        assert (setting["updatedAt"], setting["updatedBy"], setting["visibility"]) == (None, None, "admin")


async def test_a_hidden_key_is_as_good_as_none(office: Office) -> None:
    """Every answer about a key that exists for admins is that about a key which does not exist."""
    await office.put("veiled.here", 1)
    await office.put("veiled.here", 2)
    answers = []
    async with office.socket("ann") as ann:
        epoch = (await ann.ask(type="subscribe", channel="setting.other"))["epoch"]
        for key in ("veiled.here", "veiled.none"):
            seen = []
            for message in (
                {"type": "get_setting", "key": key},
                {"type": "subscribe_setting", "key": key},
                {"type": "unsubscribe_setting", "key": key},
                {"type": "update_setting", "key": key, "value": 1},
                {"type": "get_category_settings", "category": "veiled"},
                {"type": "subscribe", "channel": f"setting.{key}"},
                {"type": "subscribe", "channel": f"setting.{key}", "since": {"epoch": epoch, "seq": 0}},
                {"type": "subscribe", "channel": f"setting.{key}", "since": {"epoch": epoch, "seq": 1}},
                {"type": "get_subscriptions"},
                {"type": "unsubscribe", "channel": f"setting.{key}"},
            ):
                seen.append(await ann.ask(**message, requestId="r"))
                seen += await ann.drain()
            text = repr([{**frame, "timestamp": ""} for frame in seen])
            answers.append(text.replace(key, "KEY"))
    assert answers[0] == answers[1]


async def test_a_followed_setting_is_told_with_what_it_was(office: Office) -> None:
    await office.put("told.one", 1, visibility="user")
    async with office.socket("ann") as ann, office.socket() as admin:
        for member in (ann, admin):
            answer = await member.ask(type="subscribe_setting", key="told.one")
            assert (answer["type"], answer["key"]) == ("subscribed", "told.one")
            (snapshot,) = of_type(await member.drain(), "setting")
            assert (snapshot["channel"], snapshot["setting"]["value"]) == ("setting.told.one", 1)
            assert "updatedBy" not in snapshot["setting"]
        await office.put("told.one", 2)
        pushes = []
        for member in (ann, admin):
            (pushed,) = await updates(member)
            assert pushed["seq"] > snapshot["seq"]
            assert (pushed["channel"], pushed["previous"]) == ("setting.told.one", 1)
            assert (pushed["setting"]["value"], pushed["setting"]["version"]) == (2, 2)
            pushes.append(pushed)
        assert pushes[0] == pushes[1]
        assert "updatedBy" not in pushes[0]["setting"]
        await ann.ask(type="unsubscribe_setting", key="told.one")
        await office.put("told.one", 3)
        assert await updates(ann) == []


async def test_an_unknown_key_is_told_once_it_appears(office: Office) -> None:
    async with office.socket("ann") as ann, office.socket() as admin:
        for member in (ann, admin):
            for key in ("coming.open", "coming.hidden"):
                await member.ask(type="subscribe_setting", key=key)
            assert await member.drain() == []
        await office.put("coming.hidden", 1)
        await office.put("coming.open", 1, visibility="public")
        assert [frame["key"] for frame in await updates(ann)] == ["coming.open"]
        told = await updates(admin)
        assert {(frame["key"], frame["previous"]) for frame in told} == {("coming.open", None), ("coming.hidden", None)}


async def test_a_category_is_followed_as_one_and_each_change_is_told_once(office: Office) -> None:
    await office.put("shelf.a", 1, visibility="user")
    await office.put("shelf.hidden", 1)
    await office.put("shelves.a", 1, visibility="user")
    async with office.socket("ann") as ann, office.socket() as admin:
        for member, sees in ((ann, ["shelf.a"]), (admin, ["shelf.a", "shelf.hidden"])):
            await member.ask(type="subscribe_setting", key="shelf.a")
            await member.drain()
            answer = await member.ask(type="subscribe_category", category="shelf")
            assert (answer["type"], answer["category"]) == ("subscribed_category", "shelf")
            (snapshot,) = of_type(await member.drain(), "category_settings")
            assert (snapshot["channel"], list(snapshot["settings"])) == ("category.shelf", sees)
            asked = await member.ask(type="get_category_settings", category="shelf")
            assert list(asked["settings"]) == sees
        await office.put("shelf.a", 2)
        await office.put("shelf.new", 1, visibility="user")
        await office.put("shelf.hidden", 2)
        await office.put("shelves.a", 2)
        assert [frame["key"] for frame in await updates(ann)] == ["shelf.a", "shelf.new"]
        assert [frame["key"] for frame in await updates(admin)] == ["shelf.a", "shelf.new", "shelf.hidden"]
        assert (await ann.ask(type="unsubscribe_category", category="shelf"))["type"] == "unsubscribed_category"
        await office.put("shelf.a", 3)
        assert await updates(ann) == []


async def test_an_unknown_category_is_empty(office: Office) -> None:
    async with office.socket("ann") as ann:
        assert (await ann.ask(type="get_category_settings", category="nothing"))["settings"] == {}
        refused = await ann.ask(type="get_category_settings", category="a.b")
        assert (refused["code"], refused["field"]) == ("INVALID_REQUEST", "category")


async def test_a_key_without_a_dot_has_no_category(office: Office) -> None:
    for key in ("plain", ".dotted"):
        setting = await office.put(key, 1)
        assert (setting["category"], setting["name"]) == (None, key)


async def test_who_may_no_longer_see_a_setting_loses_it(office: Office) -> None:
    await office.put("narrowed.one", "for all", visibility="public")
    async with office.socket("ann") as ann, office.socket("bob") as bob, office.socket() as admin:
        await ann.ask(type="subscribe_setting", key="narrowed.one")
        await bob.ask(type="subscribe_category", category="narrowed")
        await admin.ask(type="subscribe_setting", key="narrowed.one")
        for member in (ann, bob, admin):
            await member.drain()
        await office.put("narrowed.one", "for admins", visibility="admin")
        for member in (ann, bob):
            (ended,) = await member.drain()
            assert (ended["type"], ended["channel"]) == ("unsubscription_confirmed", "setting.narrowed.one")
            assert ended["reason"] == "rights"
        (pushed,) = await updates(admin)
        assert (pushed["setting"]["value"], pushed["previous"]) == ("for admins", "for all")
        assert (await ann.ask(type="get_subscriptions"))["data"] == []
        await office.put("narrowed.one", "more")
        assert await ann.drain() == await bob.drain() == []
        await updates(admin)
        await office.put("narrowed.one", "for all again", visibility="public")
        assert await ann.drain() == []
        for member in (bob, admin):
            (pushed,) = await updates(member)
            assert (pushed["setting"]["value"], pushed["previous"]) == ("for all again", None)


async def test_recovery_brings_nothing_that_is_hidden(office: Office) -> None:
    await office.put("recovered.one", 1, visibility="user")
    async with office.socket("ann") as ann:
        joined = await ann.ask(type="subscribe", channel="setting.recovered.one")
    position = {"epoch": joined["epoch"], "seq": joined["seq"]}
    await office.put("recovered.one", 2)
    async with office.socket("ann") as ann:
        joined = await ann.ask(type="subscribe", channel="setting.recovered.one", since=position)
        assert (joined["recovered"], [frame["previous"] for frame in await updates(ann)]) == (True, [1])
    await office.put("recovered.one", 3, visibility="admin")
    async with office.socket("ann") as ann:
        joined = await ann.ask(type="subscribe", channel="setting.recovered.one", since=position)
        assert (joined["recovered"], joined["seq"], await ann.drain()) == (False, 0, [])


async def test_an_admin_who_becomes_a_user_keeps_what_users_see(office: Office) -> None:
    await office.put("demoted.open", 1, visibility="user")
    await office.put("demoted.hidden", 1)
    async with office.socket("chief") as chief:
        for key in ("demoted.open", "demoted.hidden"):
            await chief.ask(type="subscribe_setting", key=key)
        await chief.ask(type="subscribe_category", category="chat")
        await chief.drain()
        boss = {"Authorization": f"Bearer {office.token_of_role('top', Role.SUPERADMIN)}"}
        await office.send("PUT", "/users/chief", {"role": "user"}, boss)
        frames = await chief.receive_until(type="session_updated")
        assert [frame["channel"] for frame in of_type(frames, "unsubscription_confirmed")] == ["setting.demoted.hidden"]
        await office.put("demoted.hidden", 2)
        await office.put("chat.max_characters", 499)
        await office.put("demoted.open", 2)
        assert [frame["key"] for frame in await updates(chief)] == ["demoted.open"]
        refused = await chief.ask(type="update_setting", key="demoted.open", value=3)
        assert refused["code"] == "PERMISSION_DENIED"


async def test_a_secret_is_shown_to_nobody(office: Office, log: io.StringIO) -> None:
    async with office.socket() as admin:
        await admin.ask(type="subscribe_setting", key="vault.key")
        frames = []
        for message in (
            {"type": "update_setting", "value": "hush-1", "secret": True},
            {"type": "update_setting", "value": "hush-2", "expectedVersion": 1},
            {"type": "update_setting", "value": "hush-3", "expectedVersion": 1},
            {"type": "get_setting"},
        ):
            await admin.send(key="vault.key", **message)
            frames += await admin.drain()
        frames.append(await admin.ask(type="get_all_settings"))
        frames.append(await admin.ask(type="get_category_settings", category="vault"))
        texts = [repr(frame) for frame in frames]
        paths = ("/settings", "/settings/vault.key", "/settings/vault.key/history", "/audit")
        texts += [(await office.call("GET", path)).text for path in paths]
        await office.call("DELETE", "/settings/vault.key")
        texts += [repr(frame) for frame in await updates(admin)]
        texts.append((await office.call("GET", "/audit")).text)
    assert len(of_type(frames, "setting_update")) == 2
    assert len(of_type(frames, "setting_updated")) == 2
    assert len(of_type(frames, "error")) == 1
    assert all(frame["setting"]["value"] is None for frame in of_type(frames, "setting_updated"))
    assert "hush" not in "".join(texts) + log.getvalue()
