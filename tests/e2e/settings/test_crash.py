"""An acknowledged change survives whatever happens next."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx
import pytest

from duelcast.channels.names import Role
from duelcast.clock import SystemClock
from duelcast.domain.accounts.tokens import TokenIssuer
from tests.e2e.process import serving
from tests.serving import SECRET


@pytest.mark.crash
async def test_a_server_that_is_killed_behind_the_answer_has_the_value(tmp_path: Path) -> None:
    token = TokenIssuer(SystemClock(), SECRET).issue("boss", Role.ADMIN)
    headers = {"Authorization": f"Bearer {token}"}
    async with serving(tmp_path, feed="none", jwt_secret=SECRET) as server, httpx.AsyncClient(trust_env=False) as http:
        put = await http.put(f"{server.url}/api/v69/settings/chat.max_characters", json={"value": 123}, headers=headers)
        server.signal(signal.SIGKILL)
        await server.ended()
        stored = put.json()
        assert (put.status_code, stored["value"], stored["version"]) == (200, 123, 1)
    async with serving(tmp_path, feed="none", jwt_secret=SECRET) as server, httpx.AsyncClient(trust_env=False) as http:
        got = await http.get(f"{server.url}/api/v69/settings/chat.max_characters", headers=headers)
        assert got.json() == stored
