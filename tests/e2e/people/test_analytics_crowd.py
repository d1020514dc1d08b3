"""Many users over all endpoints, and what becomes of them when their machine hangs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from duelcast.channels.names import Role
from duelcast.clock import SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from duelcast.endpoints.registry import find_endpoints
from tests.e2e.people.crowd import Guest, gathered
from tests.e2e.process import Server, serving
from tests.serving import SECRET, Client

pytestmark = pytest.mark.process

WALLETS = 100
ADMINS = 10
CONNECTIONS = 500


def guests_of(server: Server) -> list[Guest]:
    """Five connections of each wallet, over all endpoints; admins alone go to skyduel."""
    names = [endpoint.name for endpoint in find_endpoints().values()]
    open_to_all = [name for name in names if name != "skyduel"]
    issuer = TokenIssuer(SystemClock(), SECRET)
    guests = []
    for number in range(CONNECTIONS):
        wallet = number % WALLETS
        role = Role.ADMIN if wallet < ADMINS else Role.USER
        choice = names if role is Role.ADMIN else open_to_all
        endpoint = choice[(number // WALLETS + wallet) % len(choice)]
        token = issuer.issue(f"w{wallet}", role)
        zone = f"ZONE_{wallet}" if endpoint == "analytics" else None
        guests.append(Guest(f"w{wallet}", server.ws_url(endpoint), token, zone))
    return guests


def expected_of(guests: list[Guest]) -> dict[str, tuple[str | None, int, list[str]]]:
    """Zone, number of connections and endpoints of each wallet."""
    own = {wallet: [guest for guest in guests if guest.wallet == wallet] for wallet in {one.wallet for one in guests}}
    return {
        wallet: (
            next((guest.zone for guest in theirs if guest.zone), None),
            len(theirs),
            sorted({guest.url.rpartition("/")[2] for guest in theirs}),
        )
        for wallet, theirs in own.items()
    }


async def users_of(admin: Client) -> list[dict[str, Any]]:
    """The active users without the admin who asks."""
    answer = await admin.ask(type="get_active_users")
    users = [user for user in answer["users"] if user["wallet_address"] != "watcher"]
    assert len(users) == answer["count"] - 1
    return users


async def check_crowd(folder: Path, **settings: Any) -> None:
    """See a crowd as it is, and then leave."""
    async with serving(folder, feed="none", jwt_secret=SECRET, rate_limit_factor=0, **settings) as server:
        guests = guests_of(server)
        assert len({guest.url for guest in guests}) == len(find_endpoints())
        headers = {"Authorization": f"Bearer {TokenIssuer(SystemClock(), SECRET).issue('watcher', Role.ADMIN)}"}
        async with (
            gathered(guests) as crowd,
            connect(server.ws_url("analytics"), additional_headers=headers, compression=None, proxy=None) as ws,
        ):
            admin = Client(ws)
            users = await users_of(admin)
            assert {
                user["wallet_address"]: (user["zone"], user["connections"], user["endpoints"]) for user in users
            } == expected_of(guests)
            assert len(users) == WALLETS
            assert sum(user["role"] == "admin" for user in users) == ADMINS
            stats = (await admin.ask(type="get_server_stats"))["stats"]
            assert (stats["activeUsers"], stats["connections"]["total"]) == (WALLETS + 1, CONNECTIONS + 1)
            await admin.ask(type="subscribe_dashboard")
            crowd.freeze()
            await admin.receive_until(type="active_users", count=1)
            assert await users_of(admin) == []


async def test_a_hundred_users_are_seen_as_they_are_and_leave_when_their_machine_hangs(tmp_path: Path) -> None:
    await check_crowd(tmp_path, heartbeat_interval_s=2, heartbeat_timeout_s=4)


@pytest.mark.crash
async def test_with_the_usual_heartbeat_they_leave_too(tmp_path: Path) -> None:
    await check_crowd(tmp_path)
