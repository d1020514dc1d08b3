"""Every message of the endpoint, member by member, with all values; see `tests.e2e.test_golden_frames`."""

from __future__ import annotations

from duelcast.clock import ManualClock
from duelcast.endpoints.registry import find_endpoints
from tests.e2e.people.observatory import observatory
from tests.e2e.test_golden_frames import commands_of, events_of
from tests.e2e.transcript import Transcript

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"


async def test_analytics() -> None:
    transcript = Transcript("process", "byEndpoint", "eventId", "messages")
    async with observatory() as place:
        clock: ManualClock = place.clock
        async with place.socket("ann", greeted=False) as ann:
            await transcript.hear(ann)
            await transcript.say(ann, type="heartbeat", zone="TRADING", requestId="u1")
            await transcript.say(ann, type="track_event", event="page.view", data={"page": "/"}, requestId="u2")
            await transcript.say(ann, type="track_event", event="page.view", eventId=ID, requestId="u3")
            await transcript.say(ann, type="track_event", event="page.view", eventId=ID, requestId="u4")
            await transcript.say(
                ann,
                type="track_event",
                events=[{"event": "buy", "occurredAt": "2027-01-15T07:59:00Z"}, {"event": "page.view", "eventId": ID}],
                requestId="u5",
            )
            await transcript.say(ann, type="track_event", event="a b", requestId="u6")
            await transcript.say(ann, type="get_active_users", requestId="u7")
            await transcript.say(ann, type="unsubscribe_dashboard", requestId="u8")
            await transcript.say(ann, type="subscribe", channel="analytics.dashboard", requestId="u9")
            transcript.note("an admin")
            async with place.socket(greeted=False) as admin:
                await transcript.hear(admin)
                await transcript.say(admin, type="get_server_stats", requestId="a1")
                await transcript.say(admin, type="get_active_users", requestId="a2")
                await transcript.say(admin, type="subscribe_dashboard", requestId="a3")
                await transcript.say(admin, type="subscribe_metric", metric="event:page.view", requestId="a4")
                await transcript.say(admin, type="subscribe_metric", metric="event", requestId="a5")
                await transcript.say(admin, type="subscribe_metric", metric="nonsense", requestId="a6")
                transcript.note("the user tracks")
                await transcript.say(ann, type="track_event", event="buy", requestId="u10")
                await transcript.hear(admin)
                transcript.note("a second passes")
                await ann.ask(type="heartbeat", zone="LOBBY")
                await clock.advance(1)
                await transcript.hear(admin)
                transcript.note("four more do")
                await transcript.say(admin, type="unsubscribe_metric", metric="event:page.view", requestId="a7")
                await clock.advance(4)
                await transcript.hear(admin)
                await transcript.say(admin, type="unsubscribe_metric", metric="event", requestId="a8")
                await transcript.say(admin, type="unsubscribe_dashboard", requestId="a9")
    transcript.check("analytics")
    endpoint = find_endpoints()["/api/v69/ws/analytics"]
    common = {"ping", "unsubscribe", "get_subscriptions", "auth", "authenticate"}
    assert transcript.types("client") >= commands_of(endpoint) - common
    answers = {"pong", "unsubscription_confirmed", "subscription_confirmed", "subscriptions", "auth_success"}
    assert transcript.types("server") >= events_of(endpoint) - answers
