"""Every message of the endpoint, member by member, with all values; see `tests.e2e.test_golden_frames`."""

from __future__ import annotations

from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.domain.audit import Actor
from duelcast.endpoints.registry import find_endpoints
from tests.e2e.test_golden_frames import commands_of, events_of
from tests.e2e.transcript import Transcript
from tests.serving import client, running, token_for


async def test_system_settings() -> None:
    clock, transcript = ManualClock(), Transcript()
    async with running(clock) as app:
        user, boss = token_for(app, "ann"), token_for(app, "boss", Role.ADMIN)
        async with (
            client(app, "system-settings", token=user, greeted=False) as ann,
            client(app, "system-settings", token=boss) as admin,
        ):
            await transcript.hear(ann)
            await transcript.say(ann, type="subscribe_setting", key="shop.title", requestId="u1")
            await transcript.say(ann, type="update_setting", key="shop.title", value=1, requestId="u2")
            await transcript.say(ann, type="get_setting", key="chat.max_characters", requestId="u3")
            transcript.note("an admin")
            await transcript.say(
                admin,
                type="update_setting",
                key="shop.title",
                value="Arena",
                description="Of the page.",
                visibility="user",
                expectedVersion=0,
                requestId="a1",
            )
            await transcript.say(
                admin, type="update_setting", key="shop.title", value="X", expectedVersion=0, requestId="a2"
            )
            await transcript.say(admin, type="update_setting", key="shop.title", value=5, requestId="a3")
            await transcript.say(admin, type="update_setting", key="shop.key", value="k", secret=True, requestId="a4")
            await transcript.say(admin, type="get_setting", key="chat.max_characters", requestId="a5")
            await transcript.say(admin, type="get_setting", key="shop.key", requestId="a6")
            await transcript.say(admin, type="subscribe_category", category="shop", requestId="a7")
            transcript.note("the user")
            await transcript.hear(ann)
            await transcript.say(ann, type="get_setting", key="shop.title", requestId="u4")
            await transcript.say(ann, type="get_category_settings", category="shop", requestId="u5")
            await transcript.say(ann, type="get_all_settings", requestId="u6")
            await transcript.say(ann, type="unsubscribe_setting", key="shop.title", requestId="u7")
            await transcript.say(ann, type="subscribe_category", category="shop", requestId="u8")
            transcript.note("the setting is deleted")
            await app.leader.system_settings.delete(Actor("boss", Role.ADMIN), "shop.title")
            await transcript.hear(ann)
            await transcript.say(ann, type="unsubscribe_category", category="shop", requestId="u9")
            await transcript.say(ann, type="subscribe", channel="setting.shop.key", requestId="u10")
    transcript.check("system_settings")
    endpoint = find_endpoints()["/api/v69/ws/system-settings"]
    common = {"heartbeat", "ping", "unsubscribe", "get_subscriptions", "auth", "authenticate"}
    assert transcript.types("client") >= commands_of(endpoint) - common
    answers = {"heartbeat_ack", "pong", "unsubscription_confirmed", "subscriptions", "auth_success"}
    assert transcript.types("server") >= events_of(endpoint) - answers
