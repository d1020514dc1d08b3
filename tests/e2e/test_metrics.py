"""What a stranger reads of `/metrics`."""

from __future__ import annotations

import httpx

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from tests.serving import client, running, token_for


async def metrics_of(app: App) -> str:
    async with httpx.AsyncClient(trust_env=False) as http:
        return (await http.get(f"{app.url}/metrics")).text


async def test_the_page_does_not_tell_admins_from_others() -> None:
    clock = ManualClock()
    async with running(clock) as app:
        pages = []
        for role in (Role.USER, Role.ADMIN, Role.SUPERADMIN):
            async with client(app, "contest", token=token_for(app, "somebody", role)):
                page = await metrics_of(app)
            await clock.advance(1)
            pages.append([line for line in page.splitlines() if line.startswith("duelcast_connections{")])
    assert 'duelcast_connections{endpoint="contest"} 1.0' in pages[0]
    assert pages[1:] == [pages[0], pages[0]]


async def test_the_page_says_nothing_of_endpoints_for_admins() -> None:
    async with running() as app, client(app, "skyduel", token=token_for(app, "root", Role.ADMIN)):
        page = await metrics_of(app)
    assert 'endpoint="skyduel"' not in page
    assert 'role="' not in page
