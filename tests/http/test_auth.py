"""Signing in over HTTP (protocol §13, `/auth`)."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from httpx import Response
from structlog.testing import capture_logs

from duelcast.channels.names import Role
from duelcast.domain.accounts.accounts import Account
from duelcast.peers.origins import OriginRules
from tests.domain.accounts.wallets import Wallet, base58
from tests.http.serving import Serving, serving
from tests.http.test_problems import assert_problem

AUTH = "/api/v69/auth"
ME = "/api/v69/users/me"
ROUTES = ["challenge", "verify", "refresh", "logout"]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def challenge(server: Serving, wallet: Wallet, **headers: str) -> Response:
    return await server.client.post(f"{AUTH}/challenge", json={"wallet": wallet.address}, headers=headers)


async def verify(server: Serving, wallet: Wallet, asked: dict[str, Any]) -> Response:
    body = {
        "challengeId": asked["challengeId"],
        "wallet": wallet.address,
        "signature": wallet.sign(asked["message"]),
    }
    return await server.client.post(f"{AUTH}/verify", json=body)


async def sign_in(server: Serving, wallet: Wallet) -> dict[str, Any]:
    answer = await verify(server, wallet, (await challenge(server, wallet)).json())
    assert answer.status_code == 200
    signed_in: dict[str, Any] = answer.json()
    return signed_in


async def test_a_wallet_signs_in_and_the_token_is_good(server: Serving) -> None:
    wallet = Wallet()
    asked = (await challenge(server, wallet)).json()
    assert set(asked) == {"challengeId", "message", "expiresAt"}
    assert asked["expiresAt"] == "2027-01-15T08:05:00.000Z"
    signed_in = (await verify(server, wallet, asked)).json()
    assert set(signed_in) == {"token", "expiresAt", "user"}
    assert signed_in["expiresAt"] == "2027-01-15T09:00:00.000Z"
    assert signed_in["user"] == {"wallet_address": wallet.address, "nickname": None, "role": "user"}
    me = await server.client.get(ME, headers=bearer(signed_in["token"]))
    assert me.json()["wallet"] == wallet.address


async def test_the_stored_role_and_nickname_are_told(server: Serving) -> None:
    wallet = Wallet()
    server.accounts.put(Account(wallet.address, Role.ADMIN, "Ann"))
    user = (await sign_in(server, wallet))["user"]
    assert user == {"wallet_address": wallet.address, "nickname": "Ann", "role": "admin"}


async def test_a_try_that_fails_takes_nothing_away(server: Serving) -> None:
    wallet = Wallet()
    asked = (await challenge(server, wallet)).json()
    assert_problem(await verify(server, Wallet(), asked), 401, "UNAUTHORIZED")
    assert (await verify(server, wallet, asked)).status_code == 200


async def test_a_signature_is_good_once(server: Serving) -> None:
    wallet = Wallet()
    asked = (await challenge(server, wallet)).json()
    assert (await verify(server, wallet, asked)).status_code == 200
    assert_problem(await verify(server, wallet, asked), 401, "UNAUTHORIZED")


@pytest.mark.parametrize(
    ("route", "body", "field"),
    [
        ("challenge", {}, "wallet"),
        ("challenge", {"wallet": "alice"}, "wallet"),
        ("challenge", {"wallet": "1" * 32}, "wallet"),
        ("challenge", {"wallet": base58(b"\x07" * 33)}, "wallet"),
        ("challenge", {"wallet": 7}, "wallet"),
        ("challenge", {"wallet": Wallet().address, "walet": 1}, "walet"),
        ("verify", {"challengeId": "x", "wallet": Wallet().address}, "signature"),
        ("verify", {"challengeId": "", "wallet": Wallet().address, "signature": "1"}, "challengeId"),
    ],
)
async def test_a_field_at_fault_is_named(server: Serving, route: str, body: dict[str, Any], field: str) -> None:
    problem = assert_problem(await server.client.post(f"{AUTH}/{route}", json=body), 400, "INVALID_REQUEST")
    assert problem["field"] == field


async def test_a_banned_wallet_is_refused(server: Serving) -> None:
    wallet = Wallet()
    token = (await sign_in(server, wallet))["token"]
    asked = (await challenge(server, wallet)).json()
    server.accounts.put(Account(wallet.address, banned=True))
    assert_problem(await verify(server, wallet, asked), 403, "PERMISSION_DENIED")
    for path in ("refresh", "logout"):
        refused = await server.client.post(f"{AUTH}/{path}", headers=bearer(token))
        assert_problem(refused, 403, "PERMISSION_DENIED")
    assert_problem(await server.client.get(ME, headers=bearer(token)), 403, "PERMISSION_DENIED")


async def test_a_token_is_refreshed(server: Serving) -> None:
    signed_in = await sign_in(server, Wallet())
    await server.clock.advance(1800)
    refreshed = await server.client.post(f"{AUTH}/refresh", headers=bearer(signed_in["token"]))
    assert refreshed.status_code == 200
    assert refreshed.json()["expiresAt"] == "2027-01-15T09:30:00.000Z"
    assert refreshed.json()["user"] == signed_in["user"]
    assert (await server.client.get(ME, headers=bearer(refreshed.json()["token"]))).status_code == 200


async def test_signing_out_ends_the_token_and_those_refreshed_from_it(server: Serving) -> None:
    first = (await sign_in(server, Wallet()))["token"]
    second = (await server.client.post(f"{AUTH}/refresh", headers=bearer(first))).json()["token"]
    answer = await server.client.post(f"{AUTH}/logout", headers=bearer(first))
    assert (answer.status_code, answer.content) == (204, b"")
    for token in (first, second):
        for method, path in (("GET", ME), ("POST", f"{AUTH}/refresh"), ("POST", f"{AUTH}/logout")):
            assert_problem(await server.client.request(method, path, headers=bearer(token)), 401, "UNAUTHORIZED")


@pytest.mark.parametrize("route", ["refresh", "logout"])
async def test_refreshing_and_signing_out_need_a_token_of_a_user(server: Serving, route: str) -> None:
    assert_problem(await server.client.post(f"{AUTH}/{route}"), 401, "UNAUTHORIZED")
    refused = await server.client.post(f"{AUTH}/{route}", headers=server.machine)
    assert_problem(refused, 403, "PERMISSION_DENIED")


async def test_a_token_from_elsewhere_is_signed_out_and_not_refreshed(server: Serving) -> None:
    headers = server.bearer("w1")
    assert_problem(await server.client.post(f"{AUTH}/refresh", headers=headers), 401, "UNAUTHORIZED")
    assert (await server.client.post(f"{AUTH}/logout", headers=headers)).status_code == 204
    assert_problem(await server.client.get(ME, headers=headers), 401, "UNAUTHORIZED")


@pytest.mark.parametrize("route", ROUTES)
async def test_without_a_secret_of_its_own_the_server_signs_nobody_in(route: str) -> None:
    async with serving(signs_in=False) as server:
        assert_problem(await server.client.post(f"{AUTH}/{route}", json={}), 404, "NOT_FOUND")
        document = (await server.client.get("/openapi.json")).json()
        assert not any("/auth/" in path for path in document["paths"])


# ── the domain ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def domain_of(server: Serving, **headers: str) -> str:
    answer = await challenge(server, Wallet(), **headers)
    assert answer.status_code == 200
    message: str = answer.json()["message"]
    return message.partition(" wants you to sign in")[0]


async def test_the_message_names_the_configured_domain_whatever_the_host() -> None:
    open_to_all = OriginRules(listens_on_loopback_only=False)
    async with serving(auth_domain="play.example.org", origins=open_to_all) as server:
        assert await domain_of(server, Host="evil.example") == "play.example.org"


async def test_the_message_names_a_loopback_host(server: Serving) -> None:
    assert await domain_of(server, Host="LocalHost:8069") == "localhost:8069"


async def test_the_message_names_the_host_of_an_allowed_origin() -> None:
    rules = OriginRules(["https://play.example.org"], listens_on_loopback_only=False)
    async with serving(origins=rules) as server:
        assert await domain_of(server, Host="play.example.org") == "play.example.org"


@pytest.mark.parametrize("host", ["evil.example", "play.example.org.evil.example", "play.example.org@evil.example"])
async def test_a_host_that_the_asker_may_have_made_up_is_not_named(host: str) -> None:
    rules = OriginRules(["https://play.example.org"], listens_on_loopback_only=False)
    async with serving(origins=rules) as server:
        assert_problem(await challenge(server, Wallet(), Host=host), 403, "PERMISSION_DENIED")


# ── the limit ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_address_has_ten_tries_a_minute_over_all_of_them_but_signing_out() -> None:
    async with serving() as server:
        headers = server.bearer("w1")
        for _ in range(5):
            await challenge(server, Wallet())
            await server.client.post(f"{AUTH}/verify", json={})
        for route, body in (("challenge", {"wallet": Wallet().address}), ("verify", {}), ("refresh", {})):
            limited = await server.client.post(f"{AUTH}/{route}", json=body, headers=headers)
            problem = assert_problem(limited, 429, "RATE_LIMIT_EXCEEDED")
            assert (limited.headers["retry-after"], problem["retryAfterMs"]) == ("6", 6000)
        assert (await server.client.post(f"{AUTH}/logout", headers=headers)).status_code == 204
        await server.clock.advance(6)
        assert (await challenge(server, Wallet())).status_code == 200
        assert (await challenge(server, Wallet())).status_code == 429


async def test_each_address_behind_a_proxy_has_its_own_limit() -> None:
    async with serving(trusted_proxies=[ip_network("127.0.0.0/8")]) as server:
        for _ in range(10):
            assert (await challenge(server, Wallet(), **{"X-Forwarded-For": "192.0.2.1"})).status_code == 200
        assert (await challenge(server, Wallet(), **{"X-Forwarded-For": "192.0.2.1"})).status_code == 429
        assert (await challenge(server, Wallet(), **{"X-Forwarded-For": "192.0.2.2"})).status_code == 200


@pytest.mark.parametrize(("factor", "allowed"), [(0.5, 5), (2.0, 20), (0, None)])
async def test_the_factor_scales_the_limit(factor: float, allowed: int | None) -> None:
    async with serving(rate_limit_factor=factor) as server:
        statuses = [(await challenge(server, Wallet())).status_code for _ in range(25)]
        assert statuses == [200] * 25 if allowed is None else [200] * allowed + [429] * (25 - allowed)


# ── secrets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_nothing_of_a_sign_in_is_in_the_log(server: Serving) -> None:
    wallet = Wallet()
    with capture_logs() as logs:
        asked = (await challenge(server, wallet)).json()
        signature = wallet.sign(asked["message"])
        token = (await verify(server, wallet, asked)).json()["token"]
        again = await verify(server, wallet, asked)
        await server.client.post(f"{AUTH}/logout", headers=bearer(token))
        ended = await server.client.get(ME, headers=bearer(token))
    told = f"{logs}{again.text}{ended.text}"
    for secret in (asked["challengeId"], signature, token):
        assert secret not in told
