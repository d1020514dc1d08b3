"""Every message of the endpoint, member by member, with all values; see `tests.e2e.test_golden_frames`."""

from __future__ import annotations

from duelcast.endpoints.registry import find_endpoints
from tests.e2e.people.post_office import post_office
from tests.e2e.test_golden_frames import commands_of, events_of
from tests.e2e.transcript import Transcript


async def test_notifications() -> None:
    transcript = Transcript()
    async with post_office() as office:
        await office.post(type="SYSTEM_ANNOUNCEMENT", title="Welcome", content="We are open.", priority="low")
        await office.post(
            "ann",
            title="A duel",
            priority="high",
            link="/contests/7",
            data={"contestId": 7},
            expires_at="2027-01-15T09:00:30+01:00",
        )
        async with (
            office.socket("ann", greeted=False) as ann,
            office.socket("ann") as phone,
            office.socket(None, greeted=False) as visitor,
        ):
            await transcript.hear(ann)
            transcript.note("somebody without a token")
            await transcript.hear(visitor)
            await transcript.say(visitor, type="get_unread", requestId="v1")
            await transcript.say(visitor, type="subscribe", channel="user.notifications.ann", requestId="v2")
            transcript.note("a notification, and an announcement")
            await office.post("ann", title="Another duel", content="")
            await office.post(type="SYSTEM_ANNOUNCEMENT", title="Closing", content="At ten.", priority="urgent")
            await transcript.hear(ann)
            await transcript.hear(visitor)
            transcript.note("the user")
            await transcript.say(ann, type="get_unread", limit=1, requestId="u1")
            await transcript.say(ann, type="mark_read", id=2, requestId="u2")
            await transcript.say(ann, type="mark_read", ids=[2, "3", 99], requestId="u3")
            await transcript.say(ann, type="mark_read", id="2", requestId="u4")
            await transcript.say(ann, type="mark_read", id=1, requestId="u5")
            await transcript.say(ann, type="mark_read", requestId="u6")
            await transcript.say(ann, type="mark_all_read", types=["LEVEL_UP"], requestId="u7")
            await transcript.say(ann, type="get_notifications", limit=1, requestId="u8")
            cursor = transcript.lines[-1]["server"]["nextCursor"]
            await transcript.say(ann, type="get_notifications", cursor=cursor, requestId="u9")
            await transcript.say(ann, type="get_notifications", types=["LEVEL_UP"], onlyUnread=True, requestId="u10")
            await transcript.say(ann, type="get_notifications", cursor="?", requestId="u11")
            await transcript.say(ann, type="subscribe", channel="user.notifications.bob", requestId="u12")
            transcript.note("her other device")
            await transcript.hear(phone)
            transcript.note("somebody gives her a nickname, and she reads of it")
            await office.call("PUT", "/users/ann", {"nickname": "Annie"})
            await transcript.say(ann, type="mark_all_read", requestId="u13")
            transcript.note("one is deleted, one ends, and an announcement is deleted")
            await office.delete(3, by="ann")
            await office.clock.advance(31)
            await office.app.leader.notifications.removals.expire()
            await office.delete(1)
            await transcript.hear(phone)
            await transcript.hear(visitor)
    transcript.check("notifications")
    endpoint = find_endpoints()["/api/v69/ws/notifications"]
    common = {"heartbeat", "ping", "unsubscribe", "get_subscriptions", "auth", "authenticate"}
    assert transcript.types("client") >= commands_of(endpoint) - common
    answers = {"heartbeat_ack", "pong", "subscription_confirmed", "unsubscription_confirmed", "subscriptions"}
    assert transcript.types("server") >= events_of(endpoint) - answers - {"auth_success"}
