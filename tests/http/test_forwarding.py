"""A server that does not lead checks requests itself, and forwards the rest (protocol §13)."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from duelcast.http.upstream import ForwardedAnswer, ForwardedRequest, nothing_more
from duelcast.peers.origins import OriginRules
from tests.http.serving import serving
from tests.http.test_problems import assert_problem

CONTESTS = "/api/v69/contests"
JSON = {"Content-Type": "application/json"}


class Recorded:
    """An upstream that answers each request with 201, and remembers it."""

    def __init__(self) -> None:
        self.requests: list[ForwardedRequest] = []

    async def answer(self, request: ForwardedRequest) -> ForwardedAnswer:
        self.requests.append(request)
        return ForwardedAnswer(201, [(b"content-length", b"2"), (b"x-own", b"1")], b"{}", nothing_more())


async def test_the_leader_receives_the_request_as_its_client_sent_it() -> None:
    upstream = Recorded()
    proxies = [ip_network("127.0.0.1")]
    async with serving(upstream=upstream, trusted_proxies=proxies, root_path="/sky", origins=_anywhere()) as server:
        headers = server.admin | JSON | {"Idempotency-Key": "one", "X-Forwarded-For": "203.0.113.9", "Cookie": "a=b"}
        answer = await server.client.post(f"/sky{CONTESTS}?a=b%20c", content=b'{"a": 1}', headers=headers)
    (request,) = upstream.requests
    assert (answer.status_code, answer.content, answer.headers["x-own"]) == (201, b"{}", "1")
    assert request.request_id == answer.headers["x-request-id"]
    assert (request.method, request.path, request.query) == ("POST", CONTESTS, b"a=b%20c")
    assert (request.body, request.scheme, request.address) == (b'{"a": 1}', "http", "203.0.113.9")
    assert request.claims is not None
    assert request.claims.wallet == "admin"
    received = dict(request.headers)
    assert received[b"idempotency-key"] == b"one"
    # The address and the claims stand for these.
    assert not received.keys() & {b"authorization", b"cookie", b"x-forwarded-for"}


def _anywhere() -> OriginRules:
    return OriginRules(listens_on_loopback_only=False)


async def test_the_body_of_an_answer_to_head_is_left_out() -> None:
    upstream = Recorded()
    async with serving(upstream=upstream) as server:
        answer = await server.client.head(CONTESTS)
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (201, "2", b"")
    (request,) = upstream.requests
    assert (request.method, request.wants_body) == ("GET", False)


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        (401, {"content": b"{}"}),
        (401, {"content": b"{}", "headers": {"Authorization": "Bearer nonsense"}}),
        (413, {"content": b" " * 300 * 1024}),
        (403, {"content": b"{}", "headers": {"Host": "foreign.example"}}),
    ],
)
async def test_what_the_node_can_refuse_by_itself_does_not_reach_the_leader(status: int, sent: dict[str, Any]) -> None:
    upstream = Recorded()
    async with serving(upstream=upstream) as server:
        headers = JSON | (server.admin if status == 413 else {}) | sent.get("headers", {})
        answer = await server.client.post(CONTESTS, content=sent["content"], headers=headers)
    assert answer.status_code == status
    assert not upstream.requests


async def test_a_wallet_pays_at_its_own_node_too() -> None:
    upstream = Recorded()
    async with serving(upstream=upstream, rate_limit_factor=1 / 600) as one:
        ann = one.bearer("ann")
        assert (await one.client.get(CONTESTS, headers=ann)).status_code == 201
        assert_problem(await one.client.get(CONTESTS, headers=ann), 429, "RATE_LIMIT_EXCEEDED")
    assert len(upstream.requests) == 1
