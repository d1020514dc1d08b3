"""The HTTP API on gateways, which forward to the leader: clients do not notice that (protocol §13)."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from duelcast.app import http_parts
from duelcast.app.gateway_node import GatewayNode
from duelcast.channels.names import Role
from duelcast.cluster.frames import MAX_FRAME_BYTES
from duelcast.domain.contests.contest import Contest
from duelcast.domain.contests.organising import Organising
from duelcast.domain.market.posted import TokenMetadataInput, WebsiteInput
from duelcast.domain.market.service import Market
from duelcast.wire.timestamps import format_time
from tests.cluster.nodes import BOSS, Cluster, cluster
from tests.domain.accounts.wallets import Wallet
from tests.e2e.slow import until
from tests.e2e.test_tls import write_certificate
from tests.http.console_fixture import console
from tests.http.test_problems import assert_problem
from tests.serving import client, token_for

pytestmark = pytest.mark.postgres

API = "/api/v69"
PRICES = f"{API}/tokens/prices"
CONTESTS = f"{API}/contests"
HISTORY = f"{API}/tokens/SOL/history"
AT_ONCE_S = 0.05
LONG_S = 30.0
LONG_TEXT = "é" * 2_000


@asynccontextmanager
async def asking(
    node: GatewayNode, wallet: str | None = None, role: Role = Role.USER
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the node, with a token of `wallet`."""
    headers = {} if wallet is None else bearer(token_for(node, wallet, role))
    async with httpx.AsyncClient(base_url=node.node.url, headers=headers, trust_env=False, timeout=LONG_S * 2) as http:
        yield http


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def cup(place: Cluster) -> dict[str, Any]:
    """The terms of a contest."""
    now_s = place.leader.clock.time()
    return {"name": "Cup", "start_time": format_time(now_s + 600), "end_time": format_time(now_s + 1_200)}


async def contests(http: httpx.AsyncClient) -> list[str]:
    return [contest["name"] for contest in (await http.get(CONTESTS)).json()["data"]]


class Held:
    """Calls of a method that wait until they are released: the first one only, or all."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.released = asyncio.Event()

    async def wait(self) -> None:
        self.began.set()
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


@pytest.fixture
def held_history(monkeypatch: pytest.MonkeyPatch) -> Held:
    """The first request for candles is held before it is answered."""
    held, history = Held(), Market.history

    async def wait_first(market: Market, *args: Any) -> Any:
        if not held.began.is_set():
            await held.wait()
        return await history(market, *args)

    monkeypatch.setattr(Market, "history", wait_first)
    return held


@pytest.fixture
def held_contest(monkeypatch: pytest.MonkeyPatch) -> Held:
    """The first new contest is stored, but its answer is held."""
    held, create = Held(), Organising.create

    async def create_and_wait(organising: Organising, *args: Any) -> Contest:
        made = await create(organising, *args)
        if not held.began.is_set():
            await held.wait()
        return made

    monkeypatch.setattr(Organising, "create", create_and_wait)
    return held


# ── any node ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_sign_in_that_began_on_one_gateway_goes_on_on_another() -> None:
    wallet = Wallet()
    async with cluster() as place, asking(place.gateways[0]) as one, asking(place.gateways[1]) as other:
        asked = (await one.post(f"{API}/auth/challenge", json={"wallet": wallet.address})).json()
        signed = {
            "challengeId": asked["challengeId"],
            "wallet": wallet.address,
            "signature": wallet.sign(asked["message"]),
        }
        token = (await other.post(f"{API}/auth/verify", json=signed)).json()["token"]
        assert_problem(await one.post(f"{API}/auth/verify", json=signed), 401, "UNAUTHORIZED")
        for http in (one, other):
            me = await http.get(f"{API}/users/me", headers=bearer(token))
            assert me.json()["wallet"] == wallet.address
        newer = (await one.post(f"{API}/auth/refresh", headers=bearer(token))).json()["token"]
        assert (await other.post(f"{API}/auth/logout", headers=bearer(newer))).status_code == 204
        assert_problem(await other.get(f"{API}/users/me", headers=bearer(token)), 401, "UNAUTHORIZED")


async def test_a_price_that_is_posted_at_one_gateway_is_pushed_at_the_other() -> None:
    async with cluster() as place:
        await place.price("SOL", 4.0)
        one, other = place.gateways
        query = "?channel=market.SOL"
        async with asking(one, "boss", Role.ADMIN) as http, client(other, "market-data", query) as member:
            posted = await http.post(PRICES, json=[{"symbol": "SOL", "price": 5.0}])
            assert posted.json() == {"accepted": 1, "dropped": 0, "duplicate": 0}
            assert (await member.receive_until(type="MARKET_PRICE"))[-1]["data"]["price"] == 5.0


async def test_what_a_request_has_changed_holds_on_its_gateway_once_it_is_answered() -> None:
    async with cluster() as place:
        node = place.gateways[0]
        async with asking(node, "boss", Role.SUPERADMIN) as boss, asking(node, "ann") as ann:
            for banned in (True, False) * 5:
                assert (await boss.put(f"{API}/users/ann", json={"banned": banned})).status_code == 200
                account = await node.models.accounts.find("ann")
                assert account is not None
                assert account.banned is banned
                assert (await ann.get(f"{API}/users/me")).status_code == (403 if banned else 200)


async def test_an_answer_to_a_write_does_not_overtake_the_pushes_of_its_gateway() -> None:
    async with cluster(leader_wait_s=LONG_S) as place:
        one, other = place.gateways
        async with asking(one, "boss", Role.ADMIN) as http, asking(other) as elsewhere:
            place.views[0].is_away = True
            asked = asyncio.create_task(http.post(CONTESTS, json=cup(place)))
            while await contests(elsewhere) != ["Cup"]:
                pass
            assert await contests(http) == ["Cup"]
            assert not asked.done()
            place.views[0].is_away = False
            assert (await asked).status_code == 201


async def test_a_gateway_without_the_log_answers_requests() -> None:
    async with cluster(leader_wait_s=AT_ONCE_S) as place, asking(place.gateways[0], "boss", Role.ADMIN) as http:
        place.views[0].is_away = True
        assert (await http.post(CONTESTS, json=cup(place))).status_code == 201
        assert await contests(http) == ["Cup"]


async def test_an_answer_may_be_larger_than_any_frame_of_the_link() -> None:
    async with cluster(gateways=1) as place, asking(place.gateways[0]) as http:
        symbols = await put_long_tokens(place)
        answer = await http.get(f"{API}/tokens")
        assert len(answer.content) > MAX_FRAME_BYTES
        assert sorted(token["symbol"] for token in answer.json()["data"]) == sorted(symbols)
        assert {token["description"] for token in answer.json()["data"]} == {LONG_TEXT}


async def put_long_tokens(place: Cluster) -> list[str]:
    """The symbols of new tokens, of which a list is larger than a frame."""
    link = WebsiteInput(label="x" * 100, url="https://" + "x" * 2_000)
    metadata = TokenMetadataInput(name="X", address="a", decimals=2, description=LONG_TEXT, websites=[link] * 20)
    market = place.leader.leader.market
    symbols = [f"COIN{number}" for number in range(200)]
    await asyncio.gather(*(market.put_token(symbol, metadata, BOSS) for symbol in symbols))
    return symbols


async def test_a_node_answers_for_itself_without_a_leader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_parts, "built_console", console)
    async with cluster(leader_wait_s=AT_ONCE_S) as place, asking(place.gateways[0]) as http:
        await place.cut(0)
        for path in ("/console/", "/healthz", "/readyz", "/docs", "/docs/clients", "/openapi.json", "/asyncapi.json"):
            assert (await http.get(path)).status_code == 200
        assert (await http.get("/")).headers["location"] == "console/"
        assert "duelcast_http_forwarded_waiting" in (await http.get("/metrics")).text


async def test_operators_have_their_own_port_on_a_gateway() -> None:
    async with cluster(gateways=1, ops_port=0, public_ops=False) as place, asking(place.gateways[0]) as http:
        address = f"http://127.0.0.1:{place.gateways[0].node.ops_port}"
        assert_problem(await http.get("/metrics"), 404, "NOT_FOUND")
        assert_problem(await http.get(f"{address}/metrics"), 401, "UNAUTHORIZED")
        token = token_for(place.gateways[0], "prometheus", scopes=["metrics"])
        assert (await http.get(f"{address}/metrics", headers=bearer(token))).status_code == 200
        assert (await http.get(f"{address}/readyz")).json() == {"status": "ready", "reasons": []}


async def test_a_peer_that_breaks_off_the_handshake_leaves_no_error_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key = write_certificate(tmp_path)
    async with cluster(gateways=1, tls_cert=certificate, tls_key=key) as place:
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection("127.0.0.1", place.gateways[0].port, ssl=ssl.create_default_context())
        # Once a later connection is served, the gateway has handled the end of the earlier one.
        trusting = ssl.create_default_context(cafile=certificate)
        url = f"https://127.0.0.1:{place.gateways[0].port}"
        async with httpx.AsyncClient(base_url=url, verify=trusting, trust_env=False) as http:
            assert (await http.get("/healthz")).status_code == 200
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


# ── limits ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_limit_of_a_wallet_holds_over_all_gateways() -> None:
    async with cluster(rate_limit_factor=1, http_requests_per_minute=4) as place:
        async with asking(place.gateways[0], "ann") as one, asking(place.gateways[1], "ann") as other:
            for http in (one, one, other, other):
                assert (await http.get(f"{API}/users/me")).status_code == 200
            for http in (one, other):
                refused = await http.get(f"{API}/users/me")
                assert_problem(refused, 429, "RATE_LIMIT_EXCEEDED")
                assert int(refused.headers["retry-after"]) > 0
        async with asking(place.gateways[1], "bob") as bob:
            assert (await bob.get(f"{API}/users/me")).status_code == 200


async def test_the_limit_of_an_address_holds_on_each_gateway_by_itself() -> None:
    async with cluster(rate_limit_factor=1, sign_ins_per_minute=2) as place:
        for node in place.gateways:
            async with asking(node) as http:
                wallet = {"wallet": Wallet().address}
                answers = [await http.post(f"{API}/auth/challenge", json=wallet) for _ in range(3)]
                assert [answer.status_code for answer in answers] == [200, 200, 429]


# ── without a leader ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_without_a_leader_requests_are_unavailable() -> None:
    async with cluster(leader_wait_s=AT_ONCE_S) as place, asking(place.gateways[0], "boss", Role.ADMIN) as http:
        await place.cut(0)
        for answer in (await http.get(CONTESTS), await http.post(CONTESTS, json=cup(place))):
            assert_problem(answer, 503, "UNAVAILABLE")
            assert int(answer.headers["retry-after"]) > 0


async def test_a_request_waits_for_a_leader_that_returns() -> None:
    async with cluster(leader_wait_s=LONG_S) as place, asking(place.gateways[0], "boss", Role.ADMIN) as http:
        await place.cut(0)
        waiting = [asyncio.create_task(http.get(CONTESTS)), asyncio.create_task(http.post(CONTESTS, json=cup(place)))]
        await until(lambda: waiting_at(place.gateways[0]) == 2)
        place.mend(0)
        assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [200, 201]
        assert await contests(http) == ["Cup"]


async def test_only_so_many_requests_wait_for_a_leader() -> None:
    async with cluster(leader_wait_s=LONG_S, http_max_forwarded=3) as place, asking(place.gateways[0]) as http:
        await place.cut(0)
        waiting = [asyncio.create_task(http.get(CONTESTS)) for _ in range(3)]
        await until(lambda: waiting_at(place.gateways[0]) == 3)
        refused = await http.get(CONTESTS)
        assert_problem(refused, 503, "UNAVAILABLE")
        assert int(refused.headers["retry-after"]) > 0
        place.mend(0)
        assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [200, 200, 200]
        assert place.gateways[0].node.registry.get_sample_value("duelcast_http_forwarded_refused_total") == 1


def waiting_at(node: GatewayNode) -> float | None:
    return node.node.registry.get_sample_value("duelcast_http_forwarded_waiting")


async def test_the_absence_of_a_leader_counts_for_readiness_after_a_while() -> None:
    async with cluster(gateways=1, leader_absence_s=AT_ONCE_S) as place, asking(place.gateways[0]) as http:
        await place.cut(0)
        while (answer := await http.get("/readyz")).status_code == 200:
            pass
        assert answer.json()["status"] == "unavailable"
        assert [reason["part"] for reason in answer.json()["reasons"]] == ["leader"]
        place.mend(0)
        await until(lambda: place.gateways[0].link.is_linked)
        assert (await http.get("/readyz")).status_code == 200


# ── a leader that is lost ───────────────────────────────────────────────────────────────────────────────────────────


async def test_a_safe_request_that_the_leader_did_not_answer_is_sent_to_the_next_one(held_history: Held) -> None:
    async with cluster(gateways=1, leader_wait_s=LONG_S) as place, asking(place.gateways[0]) as http:
        await place.price("SOL", 5.0)
        asked = asyncio.create_task(http.get(HISTORY))
        await held_history.began.wait()
        await place.replace_leader()
        answer = await asked
        assert (answer.status_code, answer.json()["count"]) == (200, 1)


async def test_the_outcome_of_a_write_that_was_not_answered_is_unknown(held_contest: Held) -> None:
    async with cluster(gateways=1) as place, asking(place.gateways[0], "boss", Role.ADMIN) as http:
        asked = asyncio.create_task(http.post(CONTESTS, json=cup(place)))
        await held_contest.began.wait()
        await place.cut(0)
        answer = await asked
        problem = assert_problem(answer, 503, "OUTCOME_UNKNOWN")
        assert problem["retryAfterMs"] > 0
        assert int(answer.headers["retry-after"]) > 0
        place.mend(0)
        assert await contests(http) == ["Cup"]


async def test_a_write_with_an_idempotency_key_takes_effect_once_if_it_is_repeated(held_contest: Held) -> None:
    async with cluster(leader_wait_s=LONG_S) as place:
        one, other = place.gateways
        async with asking(one, "boss", Role.ADMIN) as http, asking(other, "boss", Role.ADMIN) as elsewhere:
            body, key = cup(place), {"Idempotency-Key": "mine"}
            asked = asyncio.create_task(http.post(CONTESTS, json=body, headers=key))
            await held_contest.began.wait()
            await place.cut(0)
            assert_problem(await asked, 503, "OUTCOME_UNKNOWN")
            held_contest.released.set()
            place.mend(0)
            for again in (http, elsewhere):
                answer = await again.post(CONTESTS, json=body, headers=key)
                assert (answer.status_code, answer.headers["idempotency-replayed"]) == (201, "true")
            assert await contests(http) == ["Cup"]
            assert_problem(
                await elsewhere.post(CONTESTS, json=body | {"name": "Cup 2"}, headers=key), 409, "IDEMPOTENCY_CONFLICT"
            )


async def test_an_answer_that_the_leader_did_not_finish_ends_early() -> None:
    async with cluster(gateways=1, send_buffer_bytes=4096) as place:
        node = place.gateways[0]
        await put_long_tokens(place)
        reader, writer = await asyncio.open_connection("127.0.0.1", node.port, limit=4096)
        writer.write(f"GET {API}/tokens HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        await place.cut(0)
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        assert 0 < len(await reader.read()) < length
        assert node.node.registry.get_sample_value("duelcast_http_forwarded_cut_off_total") == 1
        writer.close()


# ── clients that leave ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_safe_request_is_given_up_if_its_client_disconnects(held_history: Held) -> None:
    async with cluster(gateways=1) as place, asking(place.gateways[0]) as http:
        await place.price("SOL", 5.0)
        asked = asyncio.create_task(http.get(HISTORY))
        await held_history.began.wait()
        asked.cancel()
        await held_history.cancelled.wait()
        await until(lambda: waiting_at(place.gateways[0]) == 0)
        assert (await http.get(HISTORY)).status_code == 200


async def test_a_write_is_run_to_its_end_if_its_client_disconnects(held_contest: Held) -> None:
    async with cluster(gateways=1) as place, asking(place.gateways[0], "boss", Role.ADMIN) as http:
        asked = asyncio.create_task(http.post(CONTESTS, json=cup(place)))
        await held_contest.began.wait()
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        # The gateway has noticed the end of that connection before it answers a later one.
        assert await contests(http) == ["Cup"]
        assert waiting_at(place.gateways[0]) == 1
        held_contest.released.set()
        await until(lambda: waiting_at(place.gateways[0]) == 0)
        assert not held_contest.cancelled.is_set()


async def test_a_gateway_that_stops_answers_requests_under_way(held_history: Held) -> None:
    async with cluster() as place, asking(place.gateways[1]) as http:
        await place.price("SOL", 5.0)
        node = place.gateways[1]
        asked = asyncio.create_task(http.get(HISTORY))
        await held_history.began.wait()
        stopping = asyncio.create_task(node.stop())
        await until(lambda: node.node.is_draining)
        held_history.released.set()
        assert (await asked).status_code == 200
        await stopping
