"""Users over HTTP (protocol §13, `/users`)."""

from __future__ import annotations

from typing import Any

import pytest

from duelcast.channels.names import Role
from duelcast.domain.accounts.accounts import Account
from tests.http.serving import Serving
from tests.http.test_problems import assert_problem

USERS = "/api/v69/users"


def public(wallet: str, nickname: str | None = None) -> dict[str, Any]:
    """What everybody sees of somebody without contests."""
    return {
        "wallet": wallet,
        "nickname": nickname,
        "xp": 0,
        "level": 1,
        "contests": 0,
        "wins": 0,
        "achievements": [],
    }


async def test_an_admin_adds_a_user_and_everybody_sees_it(server: Serving) -> None:
    put = await server.client.put(f"{USERS}/w1", json={"nickname": "Ann"}, headers=server.admin)
    assert put.status_code == 200
    assert put.json() == {"wallet": "w1", "nickname": "Ann", "role": None, "banned": False}
    assert (await server.client.get(f"{USERS}/w1")).json() == public("w1", "Ann")


async def test_a_superadmin_sets_role_and_ban(server: Serving) -> None:
    chief = server.bearer("chief", Role.SUPERADMIN)
    put = await server.client.put(f"{USERS}/w1", json={"role": "admin", "banned": True}, headers=chief)
    assert put.json() == {"wallet": "w1", "nickname": None, "role": "admin", "banned": True}
    assert await server.accounts.find("w1") == Account("w1", Role.ADMIN, None, banned=True)


async def test_a_null_is_as_good_as_nothing(server: Serving) -> None:
    await server.client.put(f"{USERS}/w1", json={"nickname": "Ann"}, headers=server.admin)
    body = {"nickname": None, "role": None, "banned": None}
    put = await server.client.put(f"{USERS}/w1", json=body, headers=server.admin)
    assert put.json()["nickname"] == "Ann"


async def test_putting_needs_an_admin(server: Serving) -> None:
    put = server.client.put
    assert_problem(await put(f"{USERS}/w1", json={}), 401, "UNAUTHORIZED")
    for headers in (server.bearer("w1"), server.machine):
        assert_problem(await put(f"{USERS}/w1", json={"nickname": "Ann"}, headers=headers), 403, "PERMISSION_DENIED")


async def test_the_refusals_have_their_codes(server: Serving) -> None:
    chief = server.bearer("chief", Role.SUPERADMIN)
    await server.client.put(f"{USERS}/last", json={"role": "superadmin", "nickname": "Ann"}, headers=chief)
    refused = await server.client.put(f"{USERS}/w1", json={"role": "admin"}, headers=server.admin)
    assert_problem(refused, 403, "PERMISSION_DENIED")
    refused = await server.client.put(f"{USERS}/chief", json={"banned": True}, headers=chief)
    assert_problem(refused, 403, "PERMISSION_DENIED")
    refused = await server.client.put(f"{USERS}/last", json={"role": "user"}, headers=chief)
    assert_problem(refused, 409, "INVALID_STATE")
    refused = await server.client.put(f"{USERS}/w1", json={"nickname": "ANN"}, headers=chief)
    assert assert_problem(refused, 409, "CONFLICT")["field"] == "nickname"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "king"}, "role"),
        ({"banned": "yes"}, "banned"),
        ({"nickname": ""}, "nickname"),
        ({"nickname": "x" * 33}, "nickname"),
        ({"nickname": "\u202ename"}, "nickname"),
        ({"nikname": "Ann"}, "nikname"),
    ],
)
async def test_a_field_at_fault_is_named(server: Serving, body: dict[str, Any], field: str) -> None:
    answer = await server.client.put(f"{USERS}/w1", json=body, headers=server.admin)
    assert assert_problem(answer, 400, "INVALID_REQUEST")["field"] == field


def own(wallet: str, nickname: str | None = None, role: str = "user") -> dict[str, Any]:
    """What somebody sees of themselves."""
    return public(wallet, nickname) | {"role": role}


async def test_users_see_and_name_themselves(server: Serving) -> None:
    me = server.bearer("w1")
    assert (await server.client.get(f"{USERS}/me", headers=me)).json() == own("w1")
    named = await server.client.patch(f"{USERS}/me", json={"nickname": "Ann"}, headers=me)
    assert (named.status_code, named.json()) == (200, own("w1", "Ann"))
    assert (await server.client.get(f"{USERS}/me", headers=me)).json() == own("w1", "Ann")
    cleared = await server.client.patch(f"{USERS}/me", json={"nickname": None}, headers=me)
    assert cleared.json() == own("w1")


async def test_the_own_role_is_the_one_that_applies(server: Serving) -> None:
    assert (await server.client.get(f"{USERS}/me", headers=server.admin)).json() == own("admin", role="admin")
    chief = server.bearer("chief", Role.SUPERADMIN)
    await server.client.put(f"{USERS}/admin", json={"role": "user"}, headers=chief)
    assert (await server.client.get(f"{USERS}/me", headers=server.admin)).json() == own("admin", role="user")
    await server.client.put(f"{USERS}/w1", json={"role": "admin"}, headers=chief)
    assert (await server.client.get(f"{USERS}/me", headers=server.bearer("w1"))).json() == own("w1", role="admin")


async def test_the_own_nickname_is_named_and_unique(server: Serving) -> None:
    await server.client.patch(f"{USERS}/me", json={"nickname": "Ann"}, headers=server.bearer("w1"))
    taken = await server.client.patch(f"{USERS}/me", json={"nickname": "ann"}, headers=server.bearer("w2"))
    assert_problem(taken, 409, "CONFLICT")
    missing = await server.client.patch(f"{USERS}/me", json={}, headers=server.bearer("w2"))
    assert assert_problem(missing, 400, "INVALID_REQUEST")["field"] == "nickname"
    more = await server.client.patch(
        f"{USERS}/me", json={"nickname": "Bob", "role": "admin"}, headers=server.bearer("w2")
    )
    assert assert_problem(more, 400, "INVALID_REQUEST")["field"] == "role"


async def test_oneself_needs_a_token_of_a_user(server: Serving) -> None:
    assert_problem(await server.client.get(f"{USERS}/me"), 401, "UNAUTHORIZED")
    assert_problem(await server.client.get(f"{USERS}/me", headers=server.machine), 403, "PERMISSION_DENIED")


async def test_a_stranger_is_not_found(server: Serving) -> None:
    assert_problem(await server.client.get(f"{USERS}/stranger"), 404, "USER_NOT_FOUND")


async def test_what_is_no_wallet_is_refused(server: Serving) -> None:
    answer = await server.client.get(f"{USERS}/a%20b")
    assert assert_problem(answer, 400, "INVALID_REQUEST")["field"] == "wallet"


# ── finding ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def wallets(server: Serving, **query: Any) -> list[str]:
    page = (await server.client.get(USERS, params=query, headers=server.admin)).json()
    assert page["count"] == len(page["data"])
    return [user["wallet"] for user in page["data"]]


async def some_users(server: Serving) -> None:
    """Ann is an admin, bob is banned, and nothing but a nickname is known of the others."""
    chief = server.bearer("chief", Role.SUPERADMIN)
    bodies = {
        "w1": {"nickname": "Ann", "role": "admin"},
        "w2": {"nickname": "bob", "banned": True, "role": "user"},
        "ann-2": {"nickname": "Cat"},
        "ANN-3": {"nickname": "ANNA-Lena"},
    }
    for wallet, body in bodies.items():
        assert (await server.client.put(f"{USERS}/{wallet}", json=body, headers=chief)).is_success


async def test_an_admin_sees_the_stored_users_in_the_order_of_their_wallets(server: Serving) -> None:
    await some_users(server)
    assert await wallets(server) == ["ANN-3", "ann-2", "w1", "w2"]
    page = (await server.client.get(USERS, headers=server.bearer("chief", Role.SUPERADMIN))).json()
    assert page["data"][-1] == {
        "wallet": "w2",
        "nickname": "bob",
        "role": "user",
        "banned": True,
        "createdAt": "2027-01-15T08:00:00.000Z",
    }
    assert "nextCursor" not in page


async def test_users_are_found_by_the_beginning_of_wallet_or_nickname(server: Serving) -> None:
    await some_users(server)
    assert await wallets(server, search="ann") == ["ANN-3", "ann-2", "w1"]
    assert await wallets(server, search="ANN") == ["ANN-3", "w1"]
    assert await wallets(server, search="w") == ["w1", "w2"]
    assert await wallets(server, search="B") == ["w2"]
    assert await wallets(server, search="nn") == []
    assert await wallets(server, search="%") == []
    assert await wallets(server, search="\u200b") == []


async def test_users_are_found_by_role_and_ban(server: Serving) -> None:
    await some_users(server)
    assert await wallets(server, role="admin") == ["w1"]
    assert await wallets(server, role="user") == ["w2"]
    assert await wallets(server, role="superadmin") == []
    assert await wallets(server, banned=True) == ["w2"]
    assert await wallets(server, banned=False) == ["ANN-3", "ann-2", "w1"]
    assert await wallets(server, search="w", banned=False) == ["w1"]
    assert await wallets(server, search="ann", role="admin", banned=False) == ["w1"]


@pytest.mark.parametrize("query", [{}, {"search": "ann"}])
async def test_pages_of_users_follow_one_another(server: Serving, query: dict[str, str]) -> None:
    await some_users(server)
    everybody = await wallets(server, **query)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        params = {"limit": "2"} | query | cursor
        page = (await server.client.get(USERS, params=params, headers=server.admin)).json()
        seen += [user["wallet"] for user in page["data"]]
        if "nextCursor" not in page:
            break
        assert page["count"] == 2
        cursor = {"cursor": page["nextCursor"]}
    assert seen == everybody


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("search", ""),
        ("search", "s" * 65),
        ("role", "king"),
        ("banned", "perhaps"),
        ("limit", "0"),
        ("limit", "501"),
        ("cursor", ""),
        ("cursor", "a b"),
    ],
)
async def test_a_parameter_at_fault_is_named(server: Serving, name: str, value: str) -> None:
    answer = await server.client.get(USERS, params={name: value}, headers=server.admin)
    assert assert_problem(answer, 400, "INVALID_REQUEST")["field"] == name


async def test_the_list_of_users_is_for_admins(server: Serving) -> None:
    assert_problem(await server.client.get(USERS), 401, "UNAUTHORIZED")
    for headers in (server.bearer("w1"), server.machine):
        assert_problem(await server.client.get(USERS, headers=headers), 403, "PERMISSION_DENIED")
