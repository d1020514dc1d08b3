from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from duelcast.clock import ManualClock
from duelcast.sampling import LogSampler
from tests.http.serving import Serving, serving

TOKENS = "/api/v69/tokens"
PRICES = "/api/v69/tokens/prices"


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The members that every problem has (RFC 9457), and that the request can be found in the log by."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["detail"].endswith(".") or "`" in problem["detail"] or "/" in problem["detail"]
    assert problem["requestId"] == answer.headers["x-request-id"]
    return problem


@pytest.mark.parametrize("path", ["/nothing", "/api/v69/nothing", "/docs/nothing"])
async def test_an_unknown_path_is_a_problem(server: Serving, path: str) -> None:
    assert_problem(await server.client.get(path), 404, "NOT_FOUND")


async def test_a_websocket_endpoint_that_is_asked_like_a_page_says_what_it_is(server: Serving) -> None:
    answer = await server.client.get("/api/v69/ws/market-data")
    assert_problem(answer, 426, "UPGRADE_REQUIRED")
    assert answer.headers["upgrade"] == "websocket"


async def test_a_wrong_method_is_answered_with_those_that_are_known(server: Serving) -> None:
    answer = await server.client.delete("/api/v69/tokens/SOL")
    assert_problem(answer, 405, "METHOD_NOT_ALLOWED")
    assert {"GET", "PUT"} <= set(answer.headers["allow"].split(", "))


async def test_a_body_of_more_than_1_mib_is_refused(server: Serving) -> None:
    body = b"[" + b" " * (1024 * 1024) + b"]"
    answer = await server.client.post(PRICES, content=body, headers=server.admin | {"Content-Type": "application/json"})
    assert_problem(answer, 413, "CONTENT_TOO_LARGE")


async def test_a_body_that_is_sent_in_pieces_is_measured_too(server: Serving) -> None:
    async def pieces() -> Any:
        for _ in range(40):
            yield b" " * 32 * 1024

    answer = await server.client.post(
        PRICES, content=pieces(), headers=server.admin | {"Content-Type": "application/json"}
    )
    assert_problem(answer, 413, "CONTENT_TOO_LARGE")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/msgpack"])
async def test_a_body_that_is_not_declared_as_json_is_refused(server: Serving, content_type: str) -> None:
    answer = await server.client.post(PRICES, content=b"[]", headers=server.admin | {"Content-Type": content_type})
    assert_problem(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_json_with_a_charset_is_json(server: Serving) -> None:
    headers = server.admin | {"Content-Type": "application/json; charset=utf-8"}
    assert (await server.client.post(PRICES, content=b"[]", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"{", b"[NaN]", b"[Infinity]", b"\xff", b"[" * 100_000, b"[" * 40 + b"]" * 40, b"nonsense"],
    ids=["cut", "nan", "infinity", "not-utf-8", "100000-levels", "40-levels", "word"],
)
async def test_what_is_not_json_of_the_contract_is_an_invalid_message(server: Serving, body: bytes) -> None:
    answer = await server.client.post(PRICES, content=body, headers=server.admin | {"Content-Type": "application/json"})
    assert_problem(answer, 400, "INVALID_MESSAGE")


@pytest.mark.parametrize(
    "body",
    [b"{}", b'"text"', b"null", b'[{"symbol":"SOL","price":1e400}]', b'[{"symbol":"\\ud800","price":1}]', b""],
    ids=["object", "text", "null", "1e400", "surrogate", "empty"],
)
async def test_json_of_another_shape_is_an_invalid_request(server: Serving, body: bytes) -> None:
    answer = await server.client.post(PRICES, content=body, headers=server.admin | {"Content-Type": "application/json"})
    assert_problem(answer, 400, "INVALID_REQUEST")


async def test_a_body_that_is_missing_is_asked_for_and_no_field_is_blamed(server: Serving) -> None:
    answer = await server.client.post("/api/v69/contests", headers=server.admin)
    assert "field" not in assert_problem(answer, 400, "INVALID_REQUEST")


async def test_a_defect_tells_its_error_id_and_nothing_else(server: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr(server.market, "tokens", broken)
    with capture_logs() as logs:
        answer = await server.client.get("/api/v69/tokens?token=hunter3")
    problem = assert_problem(answer, 500, "INTERNAL_ERROR")
    (line,) = [entry for entry in logs if entry["log_level"] == "error"]
    assert (line["request_id"], line["errorId"]) == (problem["requestId"], problem["errorId"])
    assert line["error"].startswith("RuntimeError")
    place = f"tests/http/test_problems.py:{broken.__code__.co_firstlineno + 1} in {broken.__qualname__}"
    assert line["traceback"][-1] == place
    assert "hunter" not in answer.text + str(logs)


async def test_a_refusal_is_in_the_log_without_query_and_token(server: Serving) -> None:
    with capture_logs() as logs:
        answer = await server.client.get("/api/v69/tokens?token=hunter2", headers={"Authorization": "Bearer hunter3"})
    problem = assert_problem(answer, 401, "UNAUTHORIZED")
    (line,) = logs
    assert line["request_id"] == problem["requestId"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/v69/tokens", 401)
    assert line["log_level"] == "info"
    assert "hunter" not in str(logs) + answer.text


async def test_the_log_has_the_path_of_a_route_and_not_what_a_client_wrote_there(server: Serving) -> None:
    with capture_logs() as logs:
        await server.client.get("/api/v69/tokens/hunter2")
        await server.client.get("/hunter3")
        await server.client.get("/api/v69/ws/hunter4")
        await server.client.request("PROPFIND", "/api/v69/tokens/hunter5")
    assert [line.get("path") for line in logs] == ["/api/v69/tokens/{symbol}", None, None, None]
    assert "hunter" not in str(logs)


async def test_refusals_of_an_address_are_sampled_by_their_cause_and_counted() -> None:
    clock = ManualClock()
    async with serving(refusals=LogSampler(clock.monotonic, per_minute=2)) as server:
        with capture_logs() as logs:
            for _ in range(5):
                await server.client.get("/nothing")
            await server.client.request("PROPFIND", TOKENS)
            await clock.advance(60)
            await server.client.get("/nothing")
    assert [(line["status"], line.get("left_out")) for line in logs] == [(404, None)] * 2 + [(405, None), (404, 3)]


async def test_refusals_are_sampled_for_each_client_of_a_proxy() -> None:
    clock = ManualClock()
    sampler = LogSampler(clock.monotonic, per_minute=1)
    async with serving(refusals=sampler, trusted_proxies=[ip_network("127.0.0.0/8")]) as server:
        with capture_logs() as logs:
            for client in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
                await server.client.get("/nothing", headers={"X-Forwarded-For": client})
    assert len(logs) == 2
    assert sampler.left_out == 1


@pytest.mark.parametrize("path", ["/docs/%2e%2e/%2e%2e/etc/passwd", "/static/client.js"])
async def test_no_path_leads_to_a_file(server: Serving, path: str) -> None:
    address = server.client.base_url.copy_with(raw_path=path.encode())
    assert_problem(await server.client.get(address), 404, "NOT_FOUND")


async def test_the_request_id_is_ours_whatever_the_client_sends(server: Serving) -> None:
    answer = await server.client.get("/healthz", headers={"X-Request-Id": "mine"})
    assert answer.headers.get_list("x-request-id") != ["mine"]
    assert len(answer.headers["x-request-id"]) == 32
