"""A gateway answers each HTTP request as a single process does: the same status, headers and body (protocol §13)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import httpx
import pytest

from duelcast.channels.names import Role
from duelcast.domain.market.posted import PostedPrice
from tests.cluster.nodes import cluster
from tests.serving import Serving, running, token_for

pytestmark = pytest.mark.postgres

API = "/api/v69"
KIB = 1024
JSON = {"Content-Type": "application/json"}
START, END = "2099-01-01T00:00:00Z", "2099-02-01T00:00:00Z"
CUP = {"name": "Cup", "start_time": START, "end_time": END}
TOKEN = {"name": "Solana", "address": "So1", "decimals": 9}
SETTING = {"value": 7, "visibility": "user"}
FOREIGN = {"Origin": "https://foreign.example"}
OWN = {"Origin": "http://localhost:1234"}
PREFLIGHT = {"Access-Control-Request-Method": "PUT"}


class Asked(NamedTuple):
    """A request; `by` is a wallet, `content` bytes or what becomes a JSON body."""

    method: str
    path: str
    content: Any = None
    by: str | None = None
    headers: Mapping[str, str] = {}


def get(path: str, by: str | None = None, **headers: str) -> Asked:
    return Asked("GET", path, None, by, headers)


READS = [
    get(f"{API}/tokens"),
    get(f"{API}/tokens/SOL"),
    get(f"{API}/tokens/sol"),
    get(f"{API}/tokens/NONE"),
    get(f"{API}/tokens/SOL/history?limit=5"),
    get(f"{API}/tokens/SOL/history?limit=0"),
    get(f"{API}/tokens/SOL/history?from=yesterday"),
    get(f"{API}/tokens/%E2%82%AC"),
    get(f"{API}/tokens/sparklines?symbols=SOL,BTC,NONE"),
    get(f"{API}/tokens/sparklines"),
    get(f"{API}/contests"),
    get(f"{API}/contests/77"),
    get(f"{API}/contests/x"),
    get(f"{API}/contests/1/entries"),
    get(f"{API}/contests/1/entries?disqualified=true", "boss"),
    get(f"{API}/contests/1/entries?disqualified=true", "ann"),
    get(f"{API}/contests/1/mutes", "boss"),
    get(f"{API}/users?limit=2", "boss"),
    get(f"{API}/users?search=an", "boss"),
    get(f"{API}/users", "ann"),
    get(f"{API}/users/me"),
    get(f"{API}/users/me", "ann"),
    get(f"{API}/users/me", "boss"),
    get(f"{API}/users/nobody"),
    get(f"{API}/audit", "ann"),
    get(f"{API}/audit?limit=3", "boss"),
    get(f"{API}/settings", "boss"),
    get(f"{API}/services/nothing", "boss"),
    get(f"{API}/services/store", "machine"),
    get(f"{API}/users/me", Authorization="Bearer nonsense"),
    get(f"{API}/users/me", Authorization="Basic nonsense"),
    get(f"{API}/tokens", Authorization="Bearer nonsense"),
]
AT_THE_ROOT = [
    *map(get, ["/", "/healthz", "/readyz", "/docs", "/docs/clients", "/openapi.json", "/asyncapi.json"]),
    *map(get, ["/console", "/console/", "/console/market", "/console/assets/nothing.js"]),
    get("/nothing"),
    Asked("POST", "/healthz"),
]
METHODS_AND_PATHS = [
    Asked("HEAD", f"{API}/tokens"),
    Asked("HEAD", f"{API}/tokens/NONE"),
    Asked("HEAD", f"{API}/nothing"),
    Asked("OPTIONS", f"{API}/tokens"),
    Asked("OPTIONS", f"{API}/nothing"),
    Asked("DELETE", f"{API}/tokens/SOL"),
    Asked("PROPFIND", f"{API}/tokens"),
    Asked("TRACE", f"{API}/tokens"),
    get(f"{API}/nothing"),
    get(f"{API}/tokens/"),
    get(f"{API}//tokens"),
    get(f"{API}/tokens/S%4FL"),
    get(f"{API}/tokens/a%2Fb"),
    get(f"{API}/tokens/a%00b"),
    get(f"{API}/ws/market-data"),
]
ORIGINS = [
    get(f"{API}/tokens", **OWN),
    get(f"{API}/tokens", **FOREIGN),
    get(f"{API}/tokens", Host="foreign.example"),
    Asked("OPTIONS", f"{API}/tokens/SOL", None, None, OWN | PREFLIGHT),
    Asked("OPTIONS", f"{API}/tokens/SOL", None, None, FOREIGN | PREFLIGHT),
    Asked("POST", f"{API}/auth/challenge", {"wallet": "1" * 32}, None, {"Host": "127.0.0.1"}),
]
WRITES = [
    Asked("POST", f"{API}/tokens/prices", [{"symbol": "BTC", "price": 5.0}], "boss"),
    Asked("POST", f"{API}/tokens/prices", [{"symbol": "BTC", "price": 5.0}], "machine"),
    Asked("POST", f"{API}/tokens/prices", [{"symbol": "BTC", "price": -1}], "boss"),
    Asked("POST", f"{API}/tokens/prices", [{"symbol": "BTC", "price": 5.0}], "ann"),
    Asked("POST", f"{API}/tokens/prices", [{"symbol": "BTC", "price": 5.0}]),
    Asked("PUT", f"{API}/tokens/SOL", TOKEN, "boss"),
    Asked("PUT", f"{API}/tokens/SOL", TOKEN | {"decimals": 999}, "boss"),
    Asked("POST", f"{API}/contests", CUP, "boss", {"Idempotency-Key": "one"}),
    Asked("POST", f"{API}/contests", CUP, "boss", {"Idempotency-Key": "one"}),
    Asked("POST", f"{API}/contests", CUP | {"name": "Cup 2"}, "boss", {"Idempotency-Key": "one"}),
    Asked("POST", f"{API}/contests", CUP, "boss", {"Idempotency-Key": "é"}),
    Asked("POST", f"{API}/contests/1/entries", {"portfolio": []}, "ann"),
    Asked("PATCH", f"{API}/users/me", {"nickname": "Ann"}, "ann"),
    Asked("PATCH", f"{API}/users/me", {"nickname": "ann"}, "bob"),
    Asked("PUT", f"{API}/settings/shop.size", SETTING, "boss"),
    Asked("PUT", f"{API}/settings/shop.size", SETTING | {"expectedVersion": 99}, "boss"),
    Asked("DELETE", f"{API}/settings/shop.size", None, "boss"),
    Asked("POST", f"{API}/auth/logout", None, "eve"),
    get(f"{API}/users/me", "eve"),
    Asked("PUT", f"{API}/users/mallory", {"banned": True}, "boss"),
    get(f"{API}/users/me", "mallory"),
]
BODIES = [
    Asked("POST", f"{API}/contests", b"", "boss", JSON),
    Asked("POST", f"{API}/contests", b"{", "boss", JSON),
    Asked("POST", f"{API}/contests", b"\xff\xfe", "boss", JSON),
    Asked("POST", f"{API}/contests", b"[" * 10_000, "boss", JSON),
    Asked("POST", f"{API}/contests", b"{}", "boss", {"Content-Type": "text/plain"}),
    Asked("POST", f"{API}/contests", b" " * 300 * KIB, "boss", JSON),
    Asked("POST", f"{API}/contests", [b" " * 30 * KIB] * 10, "boss", JSON),
    Asked("POST", f"{API}/tokens/prices", b"[" + b" " * 1023 * KIB + b"]", "boss", JSON),
    Asked("POST", f"{API}/tokens/prices", [b"["] + [b" " * KIB] * 500 + [b"]"], "boss", JSON),
    Asked("POST", f"{API}/tokens/prices", b"[" + b" " * 1024 * KIB + b"]", "boss", JSON),
    Asked("POST", f"{API}/tokens/prices", b"[" + b"{}," * 10_001 + b"{}]", "boss", JSON),
    Asked("GET", f"{API}/tokens", b"a body that nobody reads"),
]
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_OWN_TO_EACH = {"requestId", "contest_code", "challengeId", "message", "instance", "servers"}


async def test_a_gateway_answers_as_a_single_process_does() -> None:
    asked = [*READS, *AT_THE_ROOT, *METHODS_AND_PATHS, *ORIGINS, *WRITES, *BODIES, *READS]
    async with running(rate_limit_factor=0) as app:
        await app.leader.market.post_prices([PostedPrice(symbol="SOL", price=100.0)])
        expected = await answers(app, app.url, asked)
    async with cluster(gateways=1) as place:
        await place.price("SOL", 100.0)
        node = place.gateways[0]
        answered = await answers(node, node.node.url, asked)
    for request, there, here in zip(asked, expected, answered, strict=True):
        assert here == there, request
    # Otherwise the comparison would show nothing.
    assert {status for status, _, _ in expected} >= {200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 415, 426}


Answer = tuple[int, Sequence[tuple[str, str]], Any]


async def answers(node: Serving, url: str, asked: Sequence[Asked]) -> list[Answer]:
    """What a node answers, without what no two answers have in common."""
    tokens = {
        "ann": token_for(node, "ann"),
        "bob": token_for(node, "bob"),
        "eve": token_for(node, "eve"),
        "mallory": token_for(node, "mallory"),
        "boss": token_for(node, "boss", Role.SUPERADMIN),
        "machine": token_for(node, "machine", scopes=["prices"]),
    }
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http:
        return [comparable(await answer(http, request, tokens)) for request in asked]


async def answer(http: httpx.AsyncClient, asked: Asked, tokens: Mapping[str, str]) -> httpx.Response:
    headers = [(name.encode(), value.encode()) for name, value in asked.headers.items()]
    if asked.by is not None:
        headers.append((b"Authorization", f"Bearer {tokens[asked.by]}".encode()))
    content = asked.content
    if isinstance(content, list) and isinstance(content[0], bytes):
        return await http.request(asked.method, asked.path, content=chunks(content), headers=headers)
    if content is None or isinstance(content, bytes):
        return await http.request(asked.method, asked.path, content=content, headers=headers)
    return await http.request(asked.method, asked.path, json=content, headers=headers)


async def chunks(parts: Sequence[bytes]) -> Any:
    for part in parts:
        yield part


def comparable(answer: httpx.Response) -> Answer:
    own = {"date", "x-request-id"}
    headers = [(name, value) for name, value in answer.headers.multi_items() if name not in own]
    assert len(answer.headers["x-request-id"]) == 32
    text = _TIME.sub("a time", answer.text)
    if "json" not in answer.headers.get("content-type", "") or not text:
        return answer.status_code, headers, text
    return answer.status_code, headers, without_own(json.loads(text))


def without_own(value: Any) -> Any:
    """`value` without members that differ from server to server."""
    if isinstance(value, dict):
        return {name: without_own(member) for name, member in value.items() if name not in _OWN_TO_EACH}
    if isinstance(value, list):
        return [without_own(member) for member in value]
    return value
