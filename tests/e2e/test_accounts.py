"""Accounts from end to end: what is stored of a user acts on open connections, and outlives the server.

The clock of the server stands still meanwhile: what changes acts at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.channels.names import Role
from tests.domain.accounts.wallets import Wallet
from tests.e2e.arenas import arenas
from tests.e2e.ending import ending_of
from tests.outbound.issuers import ed25519_key, jwk, key_server
from tests.serving import Client, client, http_client, running, token_for
from tests.storing import moved_away

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app() -> AsyncIterator[App]:
    """One server; each test has wallets of its own."""
    async with arenas(rate_limit_factor=0) as app:
        yield app


@asynccontextmanager
async def api(app: App) -> AsyncIterator[httpx.AsyncClient]:
    async with http_client(app) as http:
        yield http


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def put_user(app: App, wallet: str, **change: Any) -> None:
    """By a superadmin of the token alone."""
    async with api(app) as http:
        chief = bearer(token_for(app, "chief", Role.SUPERADMIN))
        answer = await http.put(f"/users/{wallet}", json=change, headers=chief)
    assert answer.status_code == 200, answer.text


async def sign_in(app: App, wallet: Wallet) -> str:
    """A token of a sign-in."""
    async with api(app) as http:
        asked = (await http.post("/auth/challenge", json={"wallet": wallet.address})).json()
        body = {
            "challengeId": asked["challengeId"],
            "wallet": wallet.address,
            "signature": wallet.sign(asked["message"]),
        }
        token: str = (await http.post("/auth/verify", json=body)).json()["token"]
    return token


async def post_auth(app: App, action: str, token: str) -> httpx.Response:
    async with api(app) as http:
        return await http.post(f"/auth/{action}", headers=bearer(token))


async def user_of(app: App, token: str) -> Any:
    """How a connection with that token is greeted."""
    async with client(app, "open", token=token, greeted=False) as newcomer:
        return (await newcomer.receive_until(type="connection_established"))[-1]["user"]


# ── bans, roles, nicknames ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_ban_closes_open_connections_and_keeps_new_ones_out(app: App) -> None:
    token = token_for(app, "rowdy")
    async with client(app, "members", token=token) as user, client(app, "open", token=token) as watcher:
        await put_user(app, "rowdy", banned=True)
        ending = await ending_of(user)
        told = await watcher.receive()
    assert (ending.error["code"], ending.code) == ("PERMISSION_DENIED", 4003)
    assert (told["type"], told["user"]) == ("session_updated", None)
    async with client(app, "members", token=token, greeted=False) as again:
        assert (await ending_of(again)).code == 4003
    async with api(app) as http:
        assert (await http.get("/users/me", headers=bearer(token))).status_code == 403
    await put_user(app, "rowdy", banned=False)
    assert (await user_of(app, token))["wallet_address"] == "rowdy"


async def test_a_role_that_is_given_or_taken_acts_on_open_connections(app: App) -> None:
    token = token_for(app, "deputy")
    async with client(app, "members", token=token) as user:
        await put_user(app, "deputy", role="admin")
        assert (await user.receive())["user"]["role"] == "admin"
        async with client(app, "admins", token=token) as admin:
            await put_user(app, "deputy", role="user")
            assert (await ending_of(admin)).code == 4003
            assert (await user.receive())["user"]["role"] == "user"


async def test_a_stored_role_wins_over_that_of_the_token(app: App) -> None:
    token = token_for(app, "former", Role.SUPERADMIN)
    await put_user(app, "former", role="user")
    assert (await user_of(app, token))["role"] == "user"
    async with api(app) as http:
        assert (await http.put("/users/w1", json={}, headers=bearer(token))).status_code == 403


async def test_a_claimed_nickname_ends_when_somebody_stores_it_and_returns_when_it_is_free(app: App) -> None:
    token = token_for(app, "claimant", nickname="Coveted")
    async with client(app, "members", token=token) as user:
        for nickname, expected in (("COVETED", None), ("Another", "Coveted")):
            await put_user(app, "taker", nickname=nickname)
            told = await user.receive()
            assert (told["type"], told["user"]["nickname"]) == ("session_updated", expected)


async def test_renaming_oneself_is_told_to_open_connections(app: App) -> None:
    token = token_for(app, "renamed", nickname="Claimed")
    async with client(app, "members", token=token) as user, api(app) as http:
        for nickname, expected in (("Stored", "Stored"), (None, "Claimed")):
            await http.patch("/users/me", json={"nickname": nickname}, headers=bearer(token))
            told = await user.receive()
            assert (told["type"], told["user"]["nickname"]) == ("session_updated", expected)
            assert (await user_of(app, token))["nickname"] == expected


async def test_renaming_sets_no_role(app: App) -> None:
    token = token_for(app, "plain", Role.ADMIN)
    async with api(app) as http:
        await http.patch("/users/me", json={"nickname": "Plain"}, headers=bearer(token))
    assert (await user_of(app, token))["role"] == "admin"
    assert (await user_of(app, token_for(app, "plain")))["role"] == "user"


async def test_a_claimed_nickname_that_another_has_stored_counts_as_null(app: App) -> None:
    await put_user(app, "owner", nickname="Unique")
    assert (await user_of(app, token_for(app, "claimant", nickname="UNIQUE")))["nickname"] is None


async def test_what_was_acknowledged_holds_after_a_restart(tmp_path: Path) -> None:
    async with running(data_dir=tmp_path) as app:
        await put_user(app, "rowdy", banned=True)
        await put_user(app, "deputy", role="admin", nickname="Ann")
    async with running(data_dir=tmp_path) as app, api(app) as http:
        refused = await http.get("/users/me", headers=bearer(token_for(app, "rowdy")))
        assert refused.json()["code"] == "PERMISSION_DENIED"
        acts = await http.get("/audit", headers=bearer(token_for(app, "deputy")))
        assert [(act["wallet"], act["target"]) for act in acts.json()["data"]] == [
            ("chief", "deputy"),
            ("chief", "rowdy"),
        ]
        assert (await http.get("/users/deputy")).json()["nickname"] == "Ann"


# ── signing in and out ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_wallet_that_signed_in_connects(app: App) -> None:
    wallet = Wallet()
    token = await sign_in(app, wallet)
    expected = {"wallet_address": wallet.address, "nickname": None, "role": "user"}
    assert await user_of(app, token) == expected
    refreshed = (await post_auth(app, "refresh", token)).json()["token"]
    assert await user_of(app, refreshed) == expected


async def signed_out(user: Client) -> None:
    ending = await ending_of(user)
    assert (ending.error["code"], ending.code) == ("TOKEN_EXPIRED", 4001)


async def test_signing_out_ends_all_connections_of_the_session_and_no_other(app: App) -> None:
    wallet = Wallet()
    token, elsewhere = await sign_in(app, wallet), await sign_in(app, wallet)
    refreshed = (await post_auth(app, "refresh", token)).json()["token"]
    async with (
        client(app, "members", token=token) as one,
        client(app, "members", token=refreshed) as other,
        client(app, "open", token=token) as watcher,
        client(app, "members", token=elsewhere) as bystander,
    ):
        assert (await post_auth(app, "logout", refreshed)).status_code == 204
        await signed_out(one)
        await signed_out(other)
        assert (await watcher.receive())["user"] is None
        assert await bystander.drain() == []
    for ended in (token, refreshed):
        async with client(app, "members", token=ended, greeted=False) as again:
            assert (await ending_of(again)).code == 4001
    assert (await user_of(app, elsewhere))["wallet_address"] == wallet.address


async def test_a_connection_that_took_another_token_goes_by_that_one(app: App) -> None:
    wallet = Wallet()
    first, second = await sign_in(app, wallet), await sign_in(app, wallet)
    async with client(app, "members", token=first) as user:
        assert (await user.ask(type="auth", token=second))["type"] == "auth_success"
        await post_auth(app, "logout", first)
        assert await user.drain() == []
        assert (await user.ask(type="auth", token=first))["code"] == "UNAUTHORIZED"
        await post_auth(app, "logout", second)
        await signed_out(user)


async def test_a_token_from_elsewhere_is_signed_out_alone(app: App) -> None:
    token, other = token_for(app, "visitor"), token_for(app, "visitor", ttl_s=100)
    async with client(app, "members", token=token) as one, client(app, "members", token=other) as bystander:
        await post_auth(app, "logout", token)
        await signed_out(one)
        assert await bystander.drain() == []


async def test_signing_out_outlives_a_restart(tmp_path: Path) -> None:
    wallet = Wallet()
    async with running(data_dir=tmp_path) as app:
        token, other = await sign_in(app, wallet), await sign_in(app, wallet)
        await post_auth(app, "logout", token)
    async with running(data_dir=tmp_path) as app, api(app) as http:
        assert (await http.get("/users/me", headers=bearer(token))).json()["code"] == "UNAUTHORIZED"
        assert (await http.get("/users/me", headers=bearer(other))).json()["wallet"] == wallet.address
        assert (await post_auth(app, "refresh", other)).status_code == 200


async def test_a_server_that_knows_a_key_set_alone_signs_nobody_in() -> None:
    async with (
        key_server(jwk(ed25519_key(), "one")) as issuer,
        running(jwt_secret=None, jwt_jwks_url=issuer.url) as app,
        api(app) as http,
    ):
        answer = await http.post("/auth/challenge", json={"wallet": Wallet().address})
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_without_the_store_nobody_is_changed_and_the_server_says_so(tmp_path: Path) -> None:
    async with running(data_dir=tmp_path) as app, api(app) as http:
        chief = bearer(token_for(app, "chief", Role.SUPERADMIN))
        with moved_away(tmp_path / "duelcast.db"):
            refused = await http.put("/users/w1", json={"banned": True}, headers=chief)
            assert (refused.status_code, refused.json()["code"]) == (503, "UNAVAILABLE")
            assert int(refused.headers["retry-after"]) >= 1
        assert (await http.put("/users/w1", json={"banned": True}, headers=chief)).status_code == 200
        assert (await http.get("/users/me", headers=bearer(token_for(app, "w1")))).status_code == 403
