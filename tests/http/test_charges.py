"""Whatever arrives costs somebody's bucket (protocol §1.5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import pytest

from duelcast.http.charges import RequestLimits
from duelcast.peers.origins import OriginRules
from tests.http.serving import Serving, serving
from tests.http.test_problems import assert_problem

THROUGH_PROXY = [ip_network("127.0.0.0/8")]
STRANGER = {"X-Forwarded-For": "203.0.113.9"}
NEIGHBOUR = {"X-Forwarded-For": "203.0.113.10"}
TOKENS = "/api/v69/tokens"
REQUESTS = 5

PREFLIGHT = {"Origin": "http://localhost", "Access-Control-Request-Method": "PUT"}
WHATEVER: dict[str, tuple[str, str, dict[str, str]]] = {
    "a page": ("GET", "/docs", {}),
    "a document": ("GET", "/asyncapi.json", {}),
    "the metrics": ("GET", "/metrics", {}),
    "nothing": ("GET", "/nowhere", {}),
    "nothing of the API": ("POST", "/api/v69/nowhere", {}),
    "another method": ("DELETE", "/healthz/", {}),
    "an unknown method": ("PROPFIND", TOKENS, {}),
    "options": ("OPTIONS", TOKENS, {}),
    "a preflight": ("OPTIONS", TOKENS, PREFLIGHT),
    "a preflight of another origin": ("OPTIONS", TOKENS, PREFLIGHT | {"Origin": "https://evil.example"}),
    "another host": ("GET", TOKENS, {"Host": "evil.example"}),
    "a WebSocket endpoint": ("GET", "/api/v69/ws/market-data", {}),
    "an invalid token": ("GET", TOKENS, {"Authorization": "Bearer guess"}),
    "a route for users": ("GET", "/api/v69/users/me", {}),
    "a body that is refused": ("POST", "/api/v69/auth/challenge", {}),
}


@asynccontextmanager
async def limited(**limits: Any) -> AsyncIterator[Serving]:
    """A server behind a proxy, with few requests for each address."""
    chosen = RequestLimits(**{"requests": REQUESTS, "sign_ins": 0} | limits)
    async with serving(limits=chosen, trusted_proxies=THROUGH_PROXY) as server:
        yield server


@pytest.mark.parametrize("what", WHATEVER)
async def test_whatever_a_stranger_asks_for_costs_the_stranger(what: str) -> None:
    method, path, headers = WHATEVER[what]
    async with limited() as server:
        for _ in range(REQUESTS):
            answer = await server.client.request(method, path, headers=headers | STRANGER)
            assert answer.status_code != 429
        refused = await server.client.request(method, path, headers=headers | STRANGER)
        assert_problem(refused, 429, "RATE_LIMIT_EXCEEDED")
        assert int(refused.headers["retry-after"]) > 0
        assert (await server.client.get(TOKENS, headers=STRANGER)).status_code == 429
        assert (await server.client.get(TOKENS, headers=NEIGHBOUR)).status_code == 200


async def test_what_a_user_asks_for_in_vain_costs_the_user_and_not_the_address() -> None:
    async with limited() as server:
        for _ in range(REQUESTS):
            answer = await server.client.get("/nowhere", headers=server.bearer("w") | STRANGER)
            assert answer.status_code == 404
        assert (await server.client.get(TOKENS, headers=server.bearer("w") | NEIGHBOUR)).status_code == 429
        assert (await server.client.get(TOKENS, headers=STRANGER)).status_code == 200


@pytest.mark.parametrize("probe", ["/healthz", "/readyz"])
async def test_a_probe_is_not_slowed_down_by_those_it_shares_an_address_with(probe: str) -> None:
    async with limited() as server:
        while (await server.client.get(TOKENS, headers=STRANGER)).status_code == 200:
            pass
        for _ in range(2 * REQUESTS):
            assert (await server.client.get(probe, headers=STRANGER)).status_code == 200
        assert (await server.client.get(TOKENS, headers=STRANGER)).status_code == 429


async def test_a_flood_of_probes_costs_the_stranger() -> None:
    async with limited(probes=3) as server:
        statuses = [(await server.client.get("/readyz", headers=STRANGER)).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        assert (await server.client.get("/healthz", headers=NEIGHBOUR)).status_code == 200
        assert (await server.client.get(TOKENS, headers=STRANGER)).status_code == 200


async def test_loopback_pays_for_nothing_of_this() -> None:
    async with serving(limits=RequestLimits(requests=1, probes=1)) as server:
        for path in ("/healthz", "/metrics", "/nowhere", TOKENS):
            for _ in range(3):
                assert (await server.client.get(path)).status_code in (200, 404)


async def test_a_big_body_costs_as_many_requests_as_its_bytes_say() -> None:
    async with limited(bytes_per_request=1024) as server:
        headers = server.bearer("w") | {"Content-Type": "application/json"}
        body = b'{"nickname":"Ann"}'.ljust(4 * 1024)
        assert (await server.client.patch("/api/v69/users/me", content=body, headers=headers)).status_code == 200
        assert (await server.client.get(TOKENS, headers=headers)).status_code == 429


async def test_a_big_answer_costs_as_many_requests_as_its_bytes_say() -> None:
    async with limited(bytes_per_request=1024) as server:
        assert len((await server.client.get("/docs", headers=STRANGER)).content) > REQUESTS * 1024
        assert (await server.client.get(TOKENS, headers=STRANGER)).status_code == 429
        assert (await server.client.get(TOKENS, headers=NEIGHBOUR)).status_code == 200


async def test_what_was_refused_is_counted() -> None:
    async with limited(requests=1, probes=1) as server:
        for path in ("/nowhere", "/healthz"):
            for _ in range(3):
                await server.client.get(path, headers=STRANGER)
        assert server.registry.get_sample_value("duelcast_http_rate_limited_total") == 4


async def test_a_page_may_read_that_it_is_too_fast() -> None:
    rules = OriginRules(["https://play.example.org"], listens_on_loopback_only=False)
    headers = STRANGER | {"Origin": "https://play.example.org"}
    async with serving(limits=RequestLimits(requests=1), trusted_proxies=THROUGH_PROXY, origins=rules) as server:
        await server.client.get(TOKENS, headers=headers)
        refused = await server.client.get(TOKENS, headers=headers)
    assert_problem(refused, 429, "RATE_LIMIT_EXCEEDED")
    assert refused.headers["access-control-allow-origin"] == "https://play.example.org"
