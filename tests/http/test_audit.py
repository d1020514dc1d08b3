"""The audit trail over HTTP (protocol §13, `GET /audit`)."""

from __future__ import annotations

from typing import Any

import pytest

from duelcast.channels.names import Role
from tests.http.serving import Serving
from tests.http.test_problems import assert_problem

AUDIT = "/api/v69/audit"


async def put_users(server: Serving, *wallets: str) -> None:
    """An act of the admin for each, a second apart."""
    for wallet in wallets:
        await server.client.put(f"/api/v69/users/{wallet}", json={"banned": True}, headers=server.admin)
        await server.clock.advance(1)


async def targets(server: Serving, **query: Any) -> list[str]:
    page = (await server.client.get(AUDIT, params=query, headers=server.admin)).json()
    assert page["count"] == len(page["data"])
    return [act["target"] for act in page["data"]]


async def test_an_act_is_shown_with_who_what_when_and_outcome(server: Serving) -> None:
    await put_users(server, "w1")
    page = (await server.client.get(AUDIT, headers=server.admin)).json()
    (act,) = page["data"]
    assert isinstance(act.pop("id"), int)
    assert act == {
        "timestamp": "2027-01-15T08:00:00.000Z",
        "wallet": "admin",
        "role": "admin",
        "action": "users.put",
        "target": "w1",
        "outcome": "ok",
        "details": {"banned": [False, True]},
    }
    assert "nextCursor" not in page


async def test_a_denied_attempt_is_shown(server: Serving) -> None:
    await server.client.put("/api/v69/users/w1", json={"role": "admin"}, headers=server.admin)
    (act,) = (await server.client.get(AUDIT, headers=server.admin)).json()["data"]
    assert (act["outcome"], act["details"]) == ("denied", {"role": [None, "admin"]})


async def test_filters_are_for_wallet_action_target_and_time(server: Serving) -> None:
    await put_users(server, "w1", "w2", "w3")
    chief = server.bearer("chief", Role.SUPERADMIN)
    await server.client.put("/api/v69/users/w1", json={"role": "admin"}, headers=chief)
    assert await targets(server) == ["w1", "w3", "w2", "w1"]
    assert await targets(server, wallet="chief") == ["w1"]
    assert await targets(server, wallet="admin", target="w1") == ["w1"]
    assert await targets(server, action="users.put", target="w2") == ["w2"]
    assert await targets(server, action="tokens.put") == []
    span = {"from": "2027-01-15T09:00:01+01:00", "to": "2027-01-15T08:00:03Z"}
    assert await targets(server, **span) == ["w3", "w2"]


async def test_pages_follow_one_another(server: Serving) -> None:
    await put_users(server, "w1", "w2", "w3", "w4")
    first = (await server.client.get(AUDIT, params={"limit": 2}, headers=server.admin)).json()
    await put_users(server, "w5")
    query = {"limit": 2, "cursor": first["nextCursor"]}
    second = (await server.client.get(AUDIT, params=query, headers=server.admin)).json()
    assert [act["target"] for act in first["data"] + second["data"]] == ["w4", "w3", "w2", "w1"]
    assert "nextCursor" not in second


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "501"),
        ("limit", "many"),
        ("cursor", "x"),
        ("cursor", "0"),
        ("cursor", "-1"),
        ("from", "yesterday"),
        ("to", "2027-01-15T08:00:00"),
    ],
)
async def test_a_parameter_at_fault_is_named(server: Serving, name: str, value: str) -> None:
    answer = await server.client.get(AUDIT, params={name: value}, headers=server.admin)
    assert assert_problem(answer, 400, "INVALID_REQUEST")["field"] == name


async def test_the_trail_is_for_admins(server: Serving) -> None:
    assert_problem(await server.client.get(AUDIT), 401, "UNAUTHORIZED")
    for headers in (server.bearer("w1"), server.machine):
        assert_problem(await server.client.get(AUDIT, headers=headers), 403, "PERMISSION_DENIED")
