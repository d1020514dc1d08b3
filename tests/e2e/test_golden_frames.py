"""Every message of the public endpoints, member by member, with all values.

The files hold whole conversations, one message a line. To record one anew, delete it and run the test.
"""

from __future__ import annotations

from duelcast.app import App
from duelcast.clock import ManualClock
from duelcast.endpoints.kit import Endpoint
from duelcast.endpoints.registry import find_endpoints
from duelcast.wire.messages import message_type
from tests.e2e.arena import make_arena
from tests.e2e.arenas import arenas
from tests.e2e.ending import ending_of
from tests.e2e.following import latest_seq
from tests.e2e.market import post_price, post_trade, put_token
from tests.e2e.transcript import GOLDEN, Transcript
from tests.e2e.users import put_user
from tests.serving import Client, client, running, token_for

COMMON_CODES = {
    "INVALID_MESSAGE",
    "UNKNOWN_MESSAGE_TYPE",
    "INVALID_REQUEST",
    "UNAUTHORIZED",
    "PERMISSION_DENIED",
    "RATE_LIMIT_EXCEEDED",
    "TOKEN_EXPIRED",
    "TOO_MANY_CONNECTIONS",
    "UNKNOWN_CHANNEL",
    "SUBSCRIPTION_DENIED",
    "TOO_MANY_SUBSCRIPTIONS",
    "INTERNAL_ERROR",
}
"""Those of protocol §1.4 that a server without storage, bus and maintenance can give."""


def endpoint_named(name: str) -> Endpoint:
    return find_endpoints()[f"/api/v69/ws/{name}"]


def commands_of(endpoint: Endpoint) -> set[str]:
    """What a client may send, old names too."""
    return {name for spec in endpoint.commands.values() for name in (spec.name, *spec.old_names)}


def events_of(endpoint: Endpoint) -> set[str]:
    """What the server says in answer, on connect and on the endpoint's channels."""
    replies = {event for spec in endpoint.commands.values() for event in spec.replies}
    pushes = {event for rule in endpoint.access_rules.values() for event in rule.family.events}
    return {message_type(event) for event in replies | pushes | set(endpoint.connect_events)} | {endpoint.error_type}


async def fill_market(app: App, clock: ManualClock) -> None:
    """A token of which all is known, and one of which little is."""
    await post_price(
        app,
        "SOL",
        150.25,
        change_24h=-2.5,
        volume_24h=1_000_000.0,
        high_24h=160.0,
        low_24h=140.0,
        market_cap=7e10,
        fdv=8e10,
        liquidity=5e6,
    )
    await put_token(
        app,
        "SOL",
        "Solana",
        image_url="https://example.org/sol.png",
        description="A chain.",
        color="#9945ff",
        socials={"forum": "https://example.org/forum"},
        websites=[],
    )
    await put_token(app, "BARE")
    await post_trade(app, "SOL", 150.25, 2.0, "buy")
    await post_trade(app, "SOL", 150.25, 1.0, "sell")
    await clock.advance(20)


async def say_what_all_endpoints_understand(transcript: Transcript, app: App, speaker: Client) -> None:
    await transcript.say(speaker, type="heartbeat")
    await transcript.say(speaker, type="heartbeat", requestId="h1")
    await transcript.say(speaker, type="ping", timestamp=1764000000000)
    await transcript.say(speaker, type="ping", requestId="p1", data={"of": "old"})
    await transcript.say(speaker, type="subscribe", channel="market.BARE", requestId="s1")
    since = {"epoch": speaker.epoch, "seq": latest_seq(app, 16)}
    await transcript.say(speaker, type="subscribe", channel="market.SOL", since=since, requestId="s2")
    await transcript.say(speaker, type="get_subscriptions", requestId="g1")
    await transcript.say(speaker, type="subscribe", channels=[{"channel": "market.*"}, "nowhere"])
    await transcript.say(speaker, type="get_subscriptions", requestId="g2")
    await transcript.say(speaker, type="unsubscribe", channels=["market.*", "market.BARE"], requestId="u1")
    await transcript.say(speaker, type="subscribe", symbols=["sol"], requestId="o1")
    await transcript.say(speaker, type="subscribe", tokens="all", requestId="o2")
    await transcript.say(speaker, type="nonsense", requestId="n1")
    await transcript.say(speaker, type="heartbeat", beat=1, requestId="n2")


async def sign_in_and_be_changed(transcript: Transcript, app: App, speaker: Client) -> None:
    for name in ("auth", "authenticate"):
        await transcript.say(speaker, type=name, token=token_for(app, "w1", nickname="Comet"))
    transcript.note("the wallet gets another nickname")
    await put_user(app, "w1", nickname="Fresh")
    await transcript.hear(speaker)
    transcript.note("the wallet is banned")
    await put_user(app, "w1", nickname="Fresh", banned=True)
    await transcript.hear(speaker)


async def test_market_data() -> None:
    clock, transcript = ManualClock(), Transcript()
    async with running(clock) as app:
        await fill_market(app, clock)
        async with client(app, "market-data", greeted=False) as trader:
            await transcript.hear(trader)
            await transcript.say(trader, type="SUBSCRIBE_SYMBOLS", symbols=["sol", "nope", "BARE"], requestId="r1")
            await transcript.say(trader, type="SUBSCRIBE_SYMBOLS", symbols=["nope"], requestId="r2")
            await transcript.say(trader, type="SUBSCRIBE_SYMBOLS", symbols=["SOL", "s o l"])
            transcript.note("another price")
            await post_price(app, "SOL", 151.5)
            await transcript.hear(trader)
            transcript.note("another trade, and five seconds")
            await post_trade(app, "SOL", 151.5, 4.0, "sell")
            await clock.advance(5)
            await transcript.hear(trader)
            transcript.note("the token becomes inactive")
            await put_token(app, "BARE", status="inactive")
            await transcript.hear(trader)
            await transcript.say(trader, type="UNSUBSCRIBE_SYMBOLS", symbols=["sol", "bare"], requestId="r3")
            await transcript.say(trader, type="SUBSCRIBE_SYMBOLS", symbols=["*"], requestId="r4")
            await transcript.say(trader, type="UNSUBSCRIBE_SYMBOLS", symbols=["*"], requestId="r5")
            await say_what_all_endpoints_understand(transcript, app, trader)
            await sign_in_and_be_changed(transcript, app, trader)
    transcript.check("market_data")
    endpoint = endpoint_named("market-data")
    assert transcript.types("client") >= commands_of(endpoint)
    assert transcript.types("server") >= events_of(endpoint) | {"connection_established", "session_updated"}


async def test_token_data() -> None:
    clock, transcript = ManualClock(), Transcript()
    async with running(clock) as app:
        await fill_market(app, clock)
        async with client(app, "token-data", greeted=False) as trader:
            await transcript.hear(trader)
            for name in ("SUBSCRIBE_SYMBOLS", "subscribe_tokens"):
                await transcript.say(trader, type=name, symbols=["sol", "nope"], requestId="r1")
            await transcript.say(trader, type="SUBSCRIBE_SYMBOLS", symbols=["nope"], requestId="r2")
            await transcript.say(trader, type="get_token", symbol="sol", requestId="r3")
            await transcript.say(trader, type="get_token", symbol="NOPE", requestId="r4")
            await transcript.say(trader, type="get_all_tokens", requestId="r5")
            transcript.note("another price")
            await post_price(app, "SOL", 151.5)
            await transcript.hear(trader)
            transcript.note("another trade, and five seconds")
            await post_trade(app, "SOL", 151.5, 4.0, "sell")
            await clock.advance(5)
            await transcript.hear(trader)
            transcript.note("a token is added, and ten seconds")
            await put_token(app, "ADDED")
            await clock.advance(10)
            await transcript.hear(trader)
            for name in ("UNSUBSCRIBE_SYMBOLS", "unsubscribe_tokens"):
                await transcript.say(trader, type=name, symbols=["*"], requestId="r6")
            await say_what_all_endpoints_understand(transcript, app, trader)
            await sign_in_and_be_changed(transcript, app, trader)
    transcript.check("token_data")
    endpoint = endpoint_named("token-data")
    assert transcript.types("client") >= commands_of(endpoint)
    assert transcript.types("server") >= events_of(endpoint) | {"connection_established", "session_updated"}


async def test_common_errors() -> None:
    clock, transcript = ManualClock(), Transcript()
    arena = make_arena(messages_per_minute=10)
    async with (
        running(clock, endpoints={arena.path: arena}, max_subscriptions=1, max_connections_per_user=1) as app,
        client(app, "arena", "?channel=nowhere", greeted=False) as visitor,
    ):
        await transcript.hear(visitor)
        await transcript.say(visitor, requestId="e1")
        await transcript.say(visitor, type="hartbeat", requestId="e2")
        await transcript.say(visitor, type="write", room="r", requestId="e3")
        await transcript.say(visitor, type="announce", text="needs a token", requestId="e4")
        await transcript.say(visitor, type="subscribe", channel="note.UPPER", requestId="e5")
        await transcript.say(visitor, type="subscribe", channel="backstage", requestId="e6")
        await transcript.say(
            visitor, type="subscribe", channels=[{"channel": "note.a"}, {"channel": "note.b"}], requestId="e7"
        )
        await transcript.say(visitor, type="fail", requestId="e8")
        for _ in range(2):
            await visitor.ask(type="free")
        await transcript.say(visitor, type="free", requestId="e9")
        token = token_for(app, "w1")
        async with client(app, "arena", token=token) as user:
            transcript.note("with the token of a user")
            await transcript.say(user, type="announce", text="needs an admin", requestId="e10")
            transcript.note("once more with the same token")
            async with client(app, "arena", token=token, greeted=False) as extra:
                transcript.take((await ending_of(extra)).frames)
    transcript.note("a binary frame")
    async with running(clock, endpoints={arena.path: arena}) as app, client(app, "arena") as sender:
        await sender.ws.send(b"{}")
        transcript.take((await ending_of(sender)).frames)
    transcript.note("a token that ends")
    async with arenas(clock) as app, client(app, "members", token=token_for(app, "w1", ttl_s=1)) as user:
        await clock.advance(32)
        transcript.take((await ending_of(user)).frames)
    transcript.check("common_errors")
    assert transcript.codes() == COMMON_CODES


def test_every_endpoint_that_is_served_has_a_conversation() -> None:
    assert {f"{endpoint.name.replace('-', '_')}.json" for endpoint in find_endpoints().values()} <= {
        path.name for path in GOLDEN.iterdir()
    }
