from __future__ import annotations

from ipaddress import ip_network

import pytest

from duelcast.channels.names import Role
from duelcast.domain.accounts.accounts import Account
from tests.http.serving import Serving, serving
from tests.http.test_problems import assert_problem

TOKENS = "/api/v69/tokens"
POSTS = ["/api/v69/tokens/prices", "/api/v69/tokens/trades"]
METADATA = {"name": "Solana", "address": "So1", "decimals": 9}
THROUGH_PROXY = [ip_network("127.0.0.0/8")]


@pytest.mark.parametrize("path", POSTS)
async def test_posting_needs_a_token(server: Serving, path: str) -> None:
    answer = await server.client.post(path, json=[])
    assert_problem(answer, 401, "UNAUTHORIZED")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", POSTS)
async def test_posting_needs_more_than_a_user(server: Serving, path: str) -> None:
    assert_problem(await server.client.post(path, json=[], headers=server.bearer("u")), 403, "PERMISSION_DENIED")


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPERADMIN])
async def test_admins_may_post_and_put(server: Serving, role: Role) -> None:
    headers = server.bearer("a", role)
    for path in POSTS:
        assert (await server.client.post(path, json=[], headers=headers)).status_code == 200
    assert (await server.client.put(f"{TOKENS}/SOL", json=METADATA, headers=headers)).status_code == 200


async def test_a_machine_with_the_scope_may_post_and_nothing_else(server: Serving) -> None:
    headers = server.bearer("m", Role.SUPERADMIN, scopes=["prices", "errors"])
    for path in POSTS:
        assert (await server.client.post(path, json=[], headers=headers)).status_code == 200
    assert_problem(await server.client.get(TOKENS, headers=headers), 403, "PERMISSION_DENIED")
    answer = await server.client.put(f"{TOKENS}/SOL", json=METADATA, headers=headers)
    assert_problem(answer, 403, "PERMISSION_DENIED")


@pytest.mark.parametrize("scope", ["operations", "wonders"])
async def test_a_machine_of_another_scope_may_not_post(server: Serving, scope: str) -> None:
    headers = server.bearer("m", Role.ADMIN, scopes=[scope])
    for path in POSTS:
        assert_problem(await server.client.post(path, json=[], headers=headers), 403, "PERMISSION_DENIED")


async def test_a_stored_role_wins_over_the_claimed_one(server: Serving) -> None:
    server.accounts.put(Account("was-admin", role=Role.USER))
    server.accounts.put(Account("is-admin", role=Role.ADMIN))
    refused = await server.client.post(POSTS[0], json=[], headers=server.bearer("was-admin", Role.ADMIN))
    assert_problem(refused, 403, "PERMISSION_DENIED")
    assert (await server.client.post(POSTS[0], json=[], headers=server.bearer("is-admin"))).status_code == 200


async def test_a_banned_wallet_is_refused_everywhere(server: Serving) -> None:
    server.accounts.put(Account("banned", banned=True))
    for headers in (server.bearer("banned"), server.bearer("banned", scopes=["prices"])):
        assert_problem(await server.client.get(TOKENS, headers=headers), 403, "PERMISSION_DENIED")


@pytest.mark.parametrize("value", ["Bearer", "Bearer x.y.z", "Basic dXNlcjpwYXNz", "nonsense"])
async def test_a_token_that_does_not_hold_is_refused_also_where_none_is_needed(server: Serving, value: str) -> None:
    assert_problem(await server.client.get(TOKENS, headers={"Authorization": value}), 401, "UNAUTHORIZED")


async def test_an_expired_token_is_refused(server: Serving) -> None:
    headers = server.bearer("w", ttl_s=60)
    assert (await server.client.get(TOKENS, headers=headers)).status_code == 200
    await server.clock.advance(90)
    assert_problem(await server.client.get(TOKENS, headers=headers), 401, "UNAUTHORIZED")


async def exhaust(server: Serving, headers: dict[str, str], requests: int) -> None:
    for _ in range(requests):
        assert (await server.client.get(TOKENS, headers=headers)).status_code == 200


async def test_a_wallet_has_its_limit_scaled_by_the_factor() -> None:
    async with serving(rate_limit_factor=0.01) as server:
        await exhaust(server, server.bearer("w"), 6)
        answer = await server.client.get(TOKENS, headers=server.bearer("w"))
        problem = assert_problem(answer, 429, "RATE_LIMIT_EXCEEDED")
        assert problem["retryAfterMs"] == 10_000
        assert answer.headers["retry-after"] == "10"
        await exhaust(server, server.bearer("another"), 1)
        await server.clock.advance(10)
        await exhaust(server, server.bearer("w"), 1)
        assert server.registry.get_sample_value("duelcast_http_rate_limited_total") == 1


async def test_without_a_token_the_address_behind_the_proxy_has_the_limit() -> None:
    async with serving(rate_limit_factor=0.01, trusted_proxies=THROUGH_PROXY) as server:
        await exhaust(server, {"X-Forwarded-For": "2001:db8::1"}, 6)
        neighbour = await server.client.get(TOKENS, headers={"X-Forwarded-For": "2001:db8::2"})
        assert_problem(neighbour, 429, "RATE_LIMIT_EXCEEDED")
        await exhaust(server, {"X-Forwarded-For": "203.0.113.9"}, 1)


async def test_bad_tokens_count_for_the_address() -> None:
    async with serving(rate_limit_factor=0.01, trusted_proxies=THROUGH_PROXY) as server:
        headers = {"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer guess"}
        for _ in range(6):
            assert_problem(await server.client.get(TOKENS, headers=headers), 401, "UNAUTHORIZED")
        assert_problem(await server.client.get(TOKENS, headers=headers), 429, "RATE_LIMIT_EXCEEDED")


async def test_a_forwarded_address_is_not_believed_without_a_configured_proxy() -> None:
    async with serving(rate_limit_factor=0.01) as server:
        await exhaust(server, {"X-Forwarded-For": "203.0.113.9"}, 10)


async def test_machines_have_no_limit() -> None:
    async with serving(rate_limit_factor=0.01, trusted_proxies=THROUGH_PROXY) as server:
        headers = server.machine | {"X-Forwarded-For": "203.0.113.9"}
        for _ in range(10):
            assert (await server.client.post(POSTS[0], json=[], headers=headers)).status_code == 200


async def test_the_factor_zero_switches_limits_off() -> None:
    async with serving(rate_limit_factor=0.0) as server:
        await exhaust(server, server.bearer("w"), 20)
