"""What a hostile client sends: a clear answer or close code, nothing in the log, no effect on others."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed

from duelcast.app import App
from duelcast.clock import ManualClock
from tests.e2e.arenas import arenas, signed
from tests.e2e.ending import ending_of
from tests.e2e.market import advance, list_tokens, post_price, prices, subscribed
from tests.e2e.raw import CONTINUATION, PING, PONG, TEXT, answer_to, fragments, frame, raw_socket, upgrade_request
from tests.serving import Frame, client, running, token_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

MIB = 1024 * 1024
_news = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app() -> AsyncIterator[App]:
    async with arenas(rate_limit_factor=0) as app:
        yield app


@asynccontextmanager
async def unharmed(app: App, log: io.StringIO, *secrets: str) -> AsyncIterator[None]:
    """Another client, connected meanwhile, sees no effect; the log has no error and none of `secrets`."""
    async with client(app, "market-data") as bystander:
        await subscribed(bystander, "*")
        yield
        price = float(next(_news))
        await advance(app, 1)
        await post_price(app, "NEWS", price)
        assert prices(await bystander.drain()) == [("NEWS", price)]
    records = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [each for each in records if each["level"] in {"error", "critical"}] == []
    assert "Traceback" not in log.getvalue()
    assert [secret for secret in secrets if secret in log.getvalue()] == []


# ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_of_10_mb_closes_with_1009(app: App, log: io.StringIO) -> None:
    async with unharmed(app, log), client(app, "market-data") as sender:
        with suppress(ConnectionClosed):
            await sender.ws.send("x" * 10 * MIB)
        assert (await ending_of(sender)).code == 1009


async def test_a_frame_that_only_announces_10_mb_closes_with_1009(app: App, log: io.StringIO) -> None:
    async with unharmed(app, log), raw_socket(app, "market-data") as sender:
        await sender.send(frame(TEXT, b"x" * 10 * MIB)[:1000])
        assert (await sender.ending())[0] == 1009


async def test_a_frame_that_announces_2_to_the_63_bytes_breaks_the_protocol(app: App, log: io.StringIO) -> None:
    async with unharmed(app, log), raw_socket(app, "market-data") as sender:
        await sender.send(b"\x81\xff" + (2**63).to_bytes(8, "big") + bytes(4))
        assert (await sender.ending())[0] == 1002


async def test_100000_tiny_fragments_within_the_limit_are_one_message(app: App, log: io.StringIO) -> None:
    message = b'{"type":"heartbeat","_":"' + b"x" * (100_000 - 27) + b'"}'
    async with unharmed(app, log), raw_socket(app, "market-data") as sender:
        await sender.send(fragments(message, 1))
        assert (await sender.receive_message())["type"] == "heartbeat_ack"


async def test_100000_tiny_fragments_beyond_the_limit_close_with_1009(app: App, log: io.StringIO) -> None:
    async with unharmed(app, log), raw_socket(app, "open") as sender:
        await sender.send(fragments(b"x" * 100_000, 1))
        assert (await sender.ending())[0] == 1009


async def test_100000_empty_fragments_hold_nothing(app: App, log: io.StringIO) -> None:
    async with unharmed(app, log), raw_socket(app, "market-data") as sender:
        await sender.send(frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * 100_000)
        await sender.send(frame(CONTINUATION, b'{"type":"heartbeat"}'))
        assert (await sender.receive_message())["type"] == "heartbeat_ack"


async def test_a_fragment_a_second_for_ever_closes_with_1008_incomplete_message(app: App, log: io.StringIO) -> None:
    async with unharmed(app, log), raw_socket(app, "market-data") as trickling:
        await trickling.send(frame(TEXT, b"{", fin=False))
        for _ in range(30):
            await trickling.send(frame(CONTINUATION, b" ", fin=False) + frame(PING))
            await trickling.receive_kind(PONG)
            await advance(app, 1)
        assert await trickling.ending() == (1008, "incomplete_message")


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────────

DEEP = 30_000


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        pytest.param("[" * DEEP, "INVALID_MESSAGE", None, id="open brackets"),
        pytest.param("[" * DEEP + "]" * DEEP, "INVALID_MESSAGE", None, id="deep arrays"),
        pytest.param('{"a":' * 10_000 + "1" + "}" * 10_000, "INVALID_MESSAGE", None, id="deep objects"),
        pytest.param(
            '{"type":"heartbeat","_":' + "[" * DEEP + "]" * DEEP + "}", "INVALID_MESSAGE", None, id="a deep own field"
        ),
        pytest.param('{"type":"SUBSCRIBE_SYMBOLS","symbols":[1e400]}', "INVALID_REQUEST", "symbols[0]", id="1e400"),
        pytest.param('{"type":"ping","timestamp":1e400}', "INVALID_REQUEST", "timestamp", id="1e400 in ping"),
        pytest.param(
            '{"type":"ping","timestamp":' + "9" * 5000 + "}", "INVALID_REQUEST", "timestamp", id="5000 digits"
        ),
        pytest.param(
            '{"type":"SUBSCRIBE_SYMBOLS","symbols":["\\ud800"]}', "INVALID_REQUEST", "symbols[0]", id="lone surrogate"
        ),
        pytest.param(
            '{"type":"SUBSCRIBE_SYMBOLS","symbols":["SOL\\u0000"]}', "INVALID_REQUEST", "symbols[0]", id="NUL"
        ),
        pytest.param('{"type":"heart\\u0000beat"}', "INVALID_REQUEST", "type", id="NUL in type"),
        pytest.param('{"type":"\\ud800"}', "INVALID_REQUEST", "type", id="lone surrogate in type"),
        pytest.param('{"type":"heartbeat","\\u0000":1}', "INVALID_REQUEST", None, id="NUL in a name"),
        pytest.param(
            '{"type":"subscribe","channel":"market.SOL","since":{"epoch":"e","seq":9223372036854775808}}',
            "INVALID_REQUEST",
            "since.seq",
            id="2^63",
        ),
        pytest.param(
            '{"type":"SUBSCRIBE_SYMBOLS","symbols":["SOL"],"symbols":9}', "INVALID_REQUEST", "symbols", id="equal keys"
        ),
        pytest.param('{"type":"' + "x" * 100_000 + '"}', "UNKNOWN_MESSAGE_TYPE", None, id="a long type"),
        pytest.param('{"type":"<script>`{}`\\r\\n"}', "UNKNOWN_MESSAGE_TYPE", None, id="markup in type"),
        pytest.param('{"type":"__class__"}', "UNKNOWN_MESSAGE_TYPE", None, id="a python name"),
        pytest.param(
            '{"type":"heartbeat","__proto__":1,"constructor":{}}', "INVALID_REQUEST", "constructor", id="names"
        ),
    ],
)
async def test_hostile_json_is_an_error_and_the_connection_stays_open(
    app: App, log: io.StringIO, text: str, code: str, field: str | None
) -> None:
    async with unharmed(app, log), client(app, "market-data") as sender:
        await sender.ws.send(text)
        answer = await sender.receive()
        assert (await sender.ask(type="heartbeat"))["type"] == "heartbeat_ack"
    assert (answer["type"], answer["code"]) == ("ERROR", code)
    assert field is None or answer["field"] == field
    assert len(json.dumps(answer)) < 1000


async def test_100000_members_of_a_list_are_refused(app: App, log: io.StringIO) -> None:
    async with unharmed(app, log), client(app, "market-data") as sender:
        await sender.ws.send('{"type":"SUBSCRIBE_SYMBOLS","symbols":[' + "1," * 60_000 + "1]}")
        answer = await sender.receive()
    assert answer["code"] == "INVALID_MESSAGE"


# ── subscriptions ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_of_10000_subscriptions_2000_are_made(app: App, log: io.StringIO) -> None:
    async with unharmed(app, log), client(app, "open") as greedy:
        refused = []
        for batch in range(20):
            channels = [{"channel": f"note.n{batch}x{number}"} for number in range(500)]
            await greedy.send(type="subscribe", channels=channels)
            refused += [each for each in await greedy.drain() if each["type"] == "error"]
        held = (await greedy.ask(type="get_subscriptions"))["data"]
    assert [each["code"] for each in refused] == ["TOO_MANY_SUBSCRIPTIONS"] * 16
    assert len(held) == 2000


async def test_everything_in_a_loop_is_held_once_and_ends_at_the_rate_limit(log: io.StringIO) -> None:
    async with running(ManualClock(), rate_limit_factor=0.1) as app:
        await list_tokens(app, 150)
        # The client reads at once whatever comes: of a long answer that it is late for, a close leaves out the rest.
        async with unharmed(app, log), client(app, "market-data", max_queue=None) as looping:
            for _ in range(20):
                assert (await looping.ask(type="SUBSCRIBE_SYMBOLS", symbols=["*"]))["type"] == "symbols_subscribed"
            await looping.receive_until(type="token_update", channel="metadata.T149")
            for _ in range(180):
                await looping.send(type="SUBSCRIBE_SYMBOLS", symbols=["*"])
            ending = await ending_of(looping)
    assert [each["type"] for each in ending.frames] == ["ERROR"] * 60
    assert (ending.code, ending.reason.split()[0]) == (1008, "rate_limit")


async def test_a_flood_of_messages_ends_at_the_rate_limit(log: io.StringIO) -> None:
    async with (
        running(ManualClock()) as app,
        unharmed(app, log),
        client(app, "token-data") as flood,
    ):
        for _ in range(1_300):
            await flood.ws.send("{")
        ending = await ending_of(flood)
    codes = [each["code"] for each in ending.frames]
    assert codes == ["INVALID_MESSAGE"] * 600 + ["RATE_LIMIT_EXCEEDED"] * 600
    assert ending.code == 1008


# ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def bad_token(app: App, kind: str) -> str:
    match kind:
        case "alg none":
            return signed(app, sub="intruder", algorithm="none")
        case "alg None with a signature":
            return signed(app, sub="intruder", algorithm="NONE") + "c2lnbmF0dXJl"
        case "another algorithm":
            return signed(app, sub="intruder", algorithm="HS512")
        case "another secret":
            return signed(app, sub="intruder", secret="x" * 40)
        case "expired":
            return signed(app, sub="intruder", exp=app.clock.time() - 60)
        case "not yet":
            return signed(app, sub="intruder", nbf=app.clock.time() + 60)
        case "an endless number":
            return signed(app, sub="intruder", exp=float("inf"))
        case "a wallet with a line break":
            return signed(app, sub="intruder\n")
        case "16 KB":
            return signed(app, sub="intruder", padding="x" * 12_000)
        case "deep":
            return "W" * 4_000 + "." + "W" * 2_000 + "." + "W" * 1_000
    raise AssertionError(kind)


BAD_TOKENS = [
    "alg none",
    "alg None with a signature",
    "another algorithm",
    "another secret",
    "expired",
    "not yet",
    "an endless number",
    "a wallet with a line break",
    "16 KB",
    "deep",
]


@pytest.mark.parametrize("kind", BAD_TOKENS)
@pytest.mark.parametrize("source", ["header", "query"])
async def test_a_bad_token_of_the_request_is_unauthorized_and_closed_with_4001(
    app: App, log: io.StringIO, kind: str, source: str
) -> None:
    token = bad_token(app, kind)
    options: dict[str, Any] = {"token": token} if source == "header" else {"query": f"?token={token}"}
    async with unharmed(app, log, token), client(app, "members", greeted=False, **options) as intruder:
        ending = await ending_of(intruder)
    assert ([each["code"] for each in ending.frames], ending.code) == (["UNAUTHORIZED"], 4001)
    assert token not in json.dumps(ending.frames) + ending.reason


@pytest.mark.parametrize("kind", BAD_TOKENS)
async def test_a_bad_token_on_a_public_endpoint_is_nobody(app: App, log: io.StringIO, kind: str) -> None:
    token = bad_token(app, kind)
    async with unharmed(app, log, token), client(app, "market-data", token=token, greeted=False) as intruder:
        established = (await intruder.receive_until(type="connection_established"))[-1]
    assert established["authenticated"] is False


@pytest.mark.parametrize("kind", BAD_TOKENS)
async def test_a_bad_token_on_an_open_connection_is_unauthorized_and_changes_nothing(
    app: App, log: io.StringIO, kind: str
) -> None:
    token = bad_token(app, kind)
    async with unharmed(app, log, token), client(app, "members", token=token_for(app, "intruder")) as intruder:
        answer = await intruder.ask(type="auth", token=token)
        assert (await intruder.ask(type="subscribe", channel="private.intruder"))["type"] == "subscription_confirmed"
    assert answer["code"] == "UNAUTHORIZED"
    assert token not in json.dumps(answer)


@pytest.mark.parametrize("kind", BAD_TOKENS)
async def test_a_bad_token_in_the_first_message_is_unauthorized_and_closed_with_4001(
    app: App, log: io.StringIO, kind: str
) -> None:
    token = bad_token(app, kind)
    async with unharmed(app, log, token), client(app, "members", "?auth=message", greeted=False) as intruder:
        await intruder.send(type="auth", token=token)
        ending = await ending_of(intruder)
    assert ([each["code"] for each in ending.frames], ending.code) == (["UNAUTHORIZED"], 4001)


async def test_a_good_token_is_not_in_the_log_wherever_it_came_from(app: App, log: io.StringIO) -> None:
    token = token_for(app, "discreet")
    async with unharmed(app, log, token, token.split(".")[2]):
        sources: list[dict[str, Any]] = [
            {"token": token},
            {"query": f"?token={token}"},
            {"subprotocols": ["v69", token]},
            {"additional_headers": {"Cookie": f"session={token}"}},
        ]
        for source in sources:
            async with client(app, "members", **source) as user:
                await user.ask(type="auth", token=token)
                await user.ask(type="nonsense", text=token)


async def test_thousands_of_messages_behind_the_token_wait_and_are_all_handled(app: App, log: io.StringIO) -> None:
    async with unharmed(app, log), raw_socket(app, "members", "?auth=message", greeted=False) as eager:
        first = {"type": "auth", "token": token_for(app, "eager")}
        await eager.send_json(**first)
        await eager.send(frame(TEXT, b'{"type":"heartbeat"}') * 5_000)
        kinds: list[str] = []
        while kinds.count("heartbeat_ack") < 5_000:
            kinds.append((await eager.receive_message())["type"])
    assert kinds[:3] == ["auth_success", "welcome", "connection_established"]


# ── the request ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost@evil.example",
        "http://evil.example#localhost",
        "http://localhost/",
        "http://localhost\t.evil.example",
        "http://localhost, http://evil.example",
        "javascript:alert(1)",
        "http://localhost:99999999",
        "http://[::1",
        "http://ⓛocalhost",
        "%0d%0aX-Evil: 1",
        "http://localhost\u00a0",
        "x" * 10_000,
        "<script>",
    ],
)
async def test_garbage_in_origin_is_http_403(app: App, log: io.StringIO, origin: str) -> None:
    async with unharmed(app, log):
        assert (await answer_to(app, upgrade_request(app, "market-data", headers={"Origin": origin}))).status == 403


async def test_a_line_break_in_origin_begins_a_header_of_the_request_and_none_of_the_answer(
    app: App, log: io.StringIO
) -> None:
    injected = {"Origin": "http://localhost\r\nX-Evil: 1\r\nSet-Cookie: a=b"}
    async with unharmed(app, log):
        answer = await answer_to(app, upgrade_request(app, "market-data", headers=injected))
    assert answer.status == 101
    assert not {"x-evil", "set-cookie"} & answer.headers.keys()


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost\nX-Evil: 1",
        "http://localhost\r X-Evil: 1",
        "http://localhost\r\n folded.evil.example",
        "http://localhost\x00.evil.example",
    ],
)
async def test_control_characters_in_origin_are_http_400(app: App, log: io.StringIO, origin: str) -> None:
    async with unharmed(app, log):
        answer = await answer_to(app, upgrade_request(app, "market-data", headers={"Origin": origin}))
    assert answer.status == 400
    assert "x-evil" not in answer.headers


async def test_two_origins_are_http_403(app: App, log: io.StringIO) -> None:
    request = upgrade_request(
        app, "market-data", headers={"Origin": "http://localhost"}, extra=["Origin: http://evil.example"]
    )
    async with unharmed(app, log):
        assert (await answer_to(app, request)).status == 403


@pytest.mark.parametrize("protocol", ["a b", "(evil)", ",,,", "é"])
async def test_garbage_in_the_sub_protocols_is_not_answered(app: App, log: io.StringIO, protocol: str) -> None:
    request = upgrade_request(app, "market-data", headers={"Sec-WebSocket-Protocol": protocol})
    async with unharmed(app, log):
        answer = await answer_to(app, request)
    assert answer.status == 101
    assert "sec-websocket-protocol" not in answer.headers


@pytest.mark.parametrize("path", ["/api/v69/ws/market-data", "/healthz", "/api/v69/tokens"])
async def test_a_foreign_host_is_refused_by_a_server_on_loopback(app: App, log: io.StringIO, path: str) -> None:
    async with unharmed(app, log), httpx.AsyncClient() as caller:
        answer = await caller.get(f"http://127.0.0.1:{app.port}{path}", headers={"Host": "rebound.example"})
        upgraded = await answer_to(app, upgrade_request(app, "market-data", headers={"Host": "rebound.example"}))
    assert (answer.status_code, upgraded.status) == (403, 403)


async def test_a_request_without_a_host_is_http_403(app: App, log: io.StringIO) -> None:
    async with unharmed(app, log):
        assert (await answer_to(app, upgrade_request(app, "market-data", headers={"Host": ""}))).status == 403


async def test_a_head_that_does_not_end_is_http_431(app: App, log: io.StringIO) -> None:
    endless = upgrade_request(app, "market-data", headers={"X-Padding": "x" * 300_000}).removesuffix(b"\r\n\r\n")
    async with unharmed(app, log):
        assert (await answer_to(app, endless)).status == 431


async def test_a_query_of_too_many_fields_is_http_400(app: App, log: io.StringIO) -> None:
    query = "?" + "&".join(["channel=a"] * 1_001)
    async with unharmed(app, log):
        assert (await answer_to(app, upgrade_request(app, "market-data", query))).status == 400


@pytest.mark.parametrize("query", ["?channel=%0d%0aX-Evil:%201", "?channel=%00", "?channel=%ff%fe", "?since=%00,a,1"])
async def test_garbage_in_the_query_is_an_error_or_ignored(app: App, log: io.StringIO, query: str) -> None:
    async with unharmed(app, log), client(app, "market-data", query, greeted=False) as sender:
        frames: list[Frame] = await sender.receive_until(type="connection_established")
    assert {each["code"] for each in frames[:-1]} <= {"UNKNOWN_CHANNEL"}


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /api/v69/ws/market-data HTTP/1.1\r\nHost localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x00" * 100 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_http_400(app: App, log: io.StringIO, request_bytes: bytes) -> None:
    async with unharmed(app, log):
        assert (await answer_to(app, request_bytes)).status == 400
