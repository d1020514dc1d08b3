"""Rights hold when a request takes effect: at the end of its body, not only at its head (protocol §13).

Every route that takes a body is asked in two parts, and in between its caller loses a right.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

import pytest

from duelcast.channels.names import Role
from duelcast.domain.accounts.accounts import Account
from tests.http.announcing import announced
from tests.http.serving import Serving, serving

BODY = b"{}"
MACHINES = {
    "POST /api/v69/tokens/prices": "prices",
    "POST /api/v69/tokens/trades": "prices",
    "POST /api/v69/errors": "errors",
    "POST /api/v69/notifications": "notifications",
    "POST /api/v69/services/{name}/operations": "operations",
}
USERS = {
    "POST /api/v69/auth/challenge",
    "POST /api/v69/auth/verify",
    "PATCH /api/v69/users/me",
    "POST /api/v69/contests/{contest_id}/entries",
    "PUT /api/v69/contests/{contest_id}/entries/me/portfolio",
}


class Call(NamedTuple):
    """A route, and a token that it accepts: of a machine, where `scope` is given."""

    route: str
    wallet: str
    role: Role
    scope: str | None = None

    @property
    def method(self) -> str:
        return self.route.partition(" ")[0]

    @property
    def path(self) -> str:
        return re.sub(r"\{\w+\}", "1", self.route.partition(" ")[2])


@pytest.fixture
async def server() -> AsyncIterator[Serving]:
    """A server without limits: every route is asked several times."""
    async with serving(rate_limit_factor=0) as running:
        yield running


async def calls(server: Serving) -> list[Call]:
    """Every route of the OpenAPI document that takes a body, with each kind of caller that it accepts."""
    document = (await server.client.get("/openapi.json")).json()
    routes = [
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if "requestBody" in operation
    ]
    assert set(routes) >= USERS | set(MACHINES)
    found = [Call(route, f"w{n}", Role.USER if route in USERS else Role.ADMIN) for n, route in enumerate(routes)]
    found += [Call(route, f"m{n}", Role.USER, MACHINES[route]) for n, route in enumerate(routes) if route in MACHINES]
    return found


async def refusals(
    server: Serving, asked: list[Call], change: Callable[[Call, dict[str, str]], Awaitable[None]]
) -> dict[tuple[str, str | None], int]:
    """What each call is answered whose caller suffers `change` before the end of its body."""
    statuses = {}
    for call in asked:
        headers = server.bearer(call.wallet, call.role, [] if call.scope is None else [call.scope], ttl_s=60)
        async with announced(server, call.method, call.path, len(BODY), headers) as request:
            request.writer.write(BODY[:1])
            await change(call, headers)
            statuses[call.route, call.scope] = await request.status_after(BODY[1:])
    return statuses


def all_of(asked: list[Call], status: int) -> dict[tuple[str, str | None], int]:
    return {(call.route, call.scope): status for call in asked}


async def test_without_a_change_every_call_gets_past_the_rights(server: Serving) -> None:
    async def nothing(_call: Call, _headers: dict[str, str]) -> None:
        return

    statuses = await refusals(server, await calls(server), nothing)
    assert not {key: status for key, status in statuses.items() if status in (401, 403, 503)}


async def test_a_ban_stops_every_request_that_is_under_way(server: Serving) -> None:
    async def ban(call: Call, _headers: dict[str, str]) -> None:
        server.accounts.put(Account(call.wallet, banned=True))

    asked = await calls(server)
    assert await refusals(server, asked, ban) == all_of(asked, 403)


async def test_the_loss_of_a_role_stops_what_needs_it(server: Serving) -> None:
    async def demote(call: Call, _headers: dict[str, str]) -> None:
        server.accounts.put(Account(call.wallet, role=Role.USER))

    asked = [call for call in await calls(server) if call.role is Role.ADMIN]
    assert await refusals(server, asked, demote) == all_of(asked, 403)


async def test_signing_out_stops_every_request_that_is_under_way(server: Serving) -> None:
    async def sign_out(_call: Call, headers: dict[str, str]) -> None:
        answer = await server.client.post("/api/v69/auth/logout", headers=headers)
        assert answer.status_code == 204

    asked = [call for call in await calls(server) if call.scope is None]
    assert await refusals(server, asked, sign_out) == all_of(asked, 401)


async def test_a_token_that_expires_stops_every_request_that_is_under_way(server: Serving) -> None:
    asked = await calls(server)
    statuses = {}
    for call in asked:
        headers = server.bearer(call.wallet, call.role, [] if call.scope is None else [call.scope], ttl_s=60)
        await server.clock.advance(80)
        async with announced(server, call.method, call.path, len(BODY), headers) as request:
            await server.clock.advance(20)
            statuses[call.route, call.scope] = await request.status_after(BODY)
    assert statuses == all_of(asked, 401)


async def test_maintenance_stops_what_is_not_an_admins(server: Serving) -> None:
    async def maintain(enabled: bool) -> None:
        answer = await server.client.put(
            "/api/v69/settings/maintenance_mode", json={"value": {"enabled": enabled}}, headers=server.admin
        )
        assert answer.status_code == 200

    async def begin(_call: Call, _headers: dict[str, str]) -> None:
        await maintain(True)

    asked = [call for call in await calls(server) if call.role is not Role.ADMIN and "/auth/" not in call.route]
    statuses: dict[tuple[str, str | None], int] = {}
    for call in asked:
        statuses |= await refusals(server, [call], begin)
        await maintain(False)
    assert statuses == all_of(asked, 503)


async def test_a_broadcast_of_somebody_who_is_banned_meanwhile_reaches_nobody(server: Serving) -> None:
    body = b'{"broadcast":true,"type":"SYSTEM","title":"Free tokens","content":"here","dedupeKey":"once"}'
    server.accounts.put(Account("rogue", role=Role.ADMIN))
    headers = server.bearer("rogue")
    async with announced(server, "POST", "/api/v69/notifications", len(body), headers) as request:
        request.writer.write(body[:-1])
        server.accounts.put(Account("rogue", role=Role.ADMIN, banned=True))
        assert await request.status_after(body[-1:]) == 403
    json_headers = {"Content-Type": "application/json", **server.admin}
    answer = await server.client.post("/api/v69/notifications", content=body, headers=json_headers)
    assert answer.json()["created"] == 1


async def test_no_body_is_waited_for_without_the_right_to_send_it(server: Serving) -> None:
    statuses = {}
    asked = [call for call in await calls(server) if "/auth/" not in call.route]
    for call in asked:
        async with announced(server, call.method, call.path, len(BODY), {}, awaited=False) as request:
            statuses[call.route, call.scope] = await request.status()
    assert statuses == all_of(asked, 401)
