from __future__ import annotations

import pytest

from duelcast.peers.origins import OriginRules
from tests.http.serving import Serving, serving
from tests.http.test_problems import assert_problem

TOKENS = "/api/v69/tokens"
PREFLIGHT = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
PAGE = "https://play.example.org"


@pytest.mark.parametrize("path", ["/healthz", TOKENS, "/nothing"])
async def test_a_loopback_server_does_not_answer_to_a_foreign_host(server: Serving, path: str) -> None:
    answer = await server.client.get(path, headers={"Host": "evil.example"})
    assert_problem(answer, 403, "PERMISSION_DENIED")


async def test_a_loopback_server_answers_to_the_host_of_an_allowed_origin() -> None:
    async with serving(origins=OriginRules([PAGE], listens_on_loopback_only=True)) as server:
        assert (await server.client.get("/healthz", headers={"Host": "play.example.org"})).status_code == 200


async def test_a_public_server_answers_to_every_host() -> None:
    async with serving(origins=OriginRules(listens_on_loopback_only=False)) as server:
        assert (await server.client.get("/healthz", headers={"Host": "trade.example.org"})).status_code == 200


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:5173"])
async def test_a_page_on_loopback_may_read_the_answers_of_a_loopback_server(server: Serving, origin: str) -> None:
    answer = await server.client.get(TOKENS, headers={"Origin": origin})
    assert answer.headers["access-control-allow-origin"] == origin
    assert "X-Request-Id" in answer.headers["access-control-expose-headers"]
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_another_page_may_not(server: Serving, origin: str) -> None:
    answer = await server.client.get(TOKENS, headers={"Origin": origin})
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["vary"] == "Origin"


async def test_problems_can_be_read_by_an_allowed_page_too() -> None:
    async with serving(origins=OriginRules([PAGE], listens_on_loopback_only=False)) as server:
        answer = await server.client.get("/nothing", headers={"Origin": PAGE})
        assert_problem(answer, 404, "NOT_FOUND")
        assert answer.headers["access-control-allow-origin"] == PAGE


async def test_the_preflight_of_an_allowed_page_says_what_it_may_send() -> None:
    async with serving(origins=OriginRules([PAGE], listens_on_loopback_only=False)) as server:
        answer = await server.client.options(f"{TOKENS}/SOL", headers={"Origin": PAGE, **PREFLIGHT})
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert "PUT" in answer.headers["access-control-allow-methods"]
        assert "Authorization" in answer.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in answer.headers


async def test_the_preflight_of_another_page_is_refused(server: Serving) -> None:
    answer = await server.client.options(f"{TOKENS}/SOL", headers={"Origin": PAGE, **PREFLIGHT})
    assert_problem(answer, 403, "PERMISSION_DENIED")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/healthz", "/live/healthz"])
async def test_under_a_prefix_paths_work_whether_or_not_the_proxy_takes_it_off(path: str) -> None:
    async with serving(root_path="/live") as server:
        assert (await server.client.get(path)).status_code == 200


@pytest.mark.parametrize("path", ["/live/live/live/healthz", "/live//healthz", "/live/healthz/", "//live/healthz"])
async def test_under_a_prefix_there_is_no_other_way_to_a_route(path: str) -> None:
    async with serving(root_path="/live") as server:
        address = server.client.base_url.copy_with(raw_path=path.encode())
        assert_problem(await server.client.get(address), 404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/healthz%00", "/api/v69/users/a%00b", "/api/v69/audit?target=%00"])
async def test_an_address_with_u0000_is_refused(server: Serving, path: str) -> None:
    """No text may contain it, and PostgreSQL refuses it even in a question."""
    address = server.client.base_url.copy_with(raw_path=path.encode())
    assert_problem(await server.client.get(address), 400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    "path",
    [
        "/healthz/",
        "//healthz",
        "/%68ealthz",
        "/healthz%2F",
        "/healthz%2f",
        "/docs/%2e%2e/healthz",
        "/docs/../healthz",
        "/api/v69/users/..",
        "/api/v69/users/./me",
        "/healthz;a=b",
        "/api/v69//tokens",
        "/api/v69/tokens/",
        "/api%2Fv69/tokens",
        "/api/v69/%74okens",
        "/api/v69/tokens/%53OL",
    ],
)
async def test_a_route_has_one_spelling_so_that_a_proxy_can_forbid_it(server: Serving, path: str) -> None:
    answer = await server.client.get("/", extensions={"target": path.encode()})
    assert_problem(answer, 404, "NOT_FOUND")


async def test_what_a_parameter_needs_is_escaped(server: Serving) -> None:
    address = server.client.base_url.copy_with(raw_path=b"/api/v69/tokens/%24OL")
    assert_problem(await server.client.get(address), 404, "TOKEN_NOT_FOUND")


async def test_a_prefix_that_is_part_of_a_name_stays() -> None:
    async with serving(root_path="/health") as server:
        assert (await server.client.get("/healthz")).status_code == 200
        assert (await server.client.get("/docs")).status_code == 200


async def test_head_is_answered_as_get_without_a_body(server: Serving) -> None:
    answer = await server.client.head("/healthz")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) > 0
    assert answer.content == b""


async def test_requests_are_counted_by_method_and_status(server: Serving) -> None:
    await server.client.get("/healthz")
    await server.client.get("/nothing")
    await server.client.request("PROPFIND", "/healthz")
    count = server.registry.get_sample_value
    assert count("duelcast_http_requests_total", {"method": "GET", "status": "200"}) == 1
    assert count("duelcast_http_requests_total", {"method": "GET", "status": "404"}) == 1
    assert count("duelcast_http_requests_total", {"method": "other", "status": "405"}) == 1
    assert count("duelcast_http_request_duration_seconds_count") == 3


@pytest.mark.parametrize("path", ["/healthz", TOKENS, "/nothing"])
async def test_no_answer_is_sniffed_for_another_type(server: Serving, path: str) -> None:
    assert (await server.client.get(path)).headers["x-content-type-options"] == "nosniff"
