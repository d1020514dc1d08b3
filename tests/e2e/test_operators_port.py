"""`/metrics` and health on a port of their own, which clients need not reach."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from duelcast.app import App, Claim
from duelcast.channels.names import Role
from duelcast.settings import ConfigurationError, Settings
from duelcast.store.database import Database
from tests.http.test_problems import assert_problem
from tests.serving import SECRET, client, running, token_for

MONITORING = ["/healthz", "/readyz", "/metrics"]
PUBLIC = ["/", "/docs", "/docs/clients", "/openapi.json", "/asyncapi.json", "/api/v69/tokens", "/api/v69/contests"]


@asynccontextmanager
async def asking(port: int | None) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        yield http


async def test_unless_it_is_set_all_are_on_the_public_port() -> None:
    async with running() as app, asking(app.port) as public:
        assert app.ops_port is None
        assert [(await public.get(path)).status_code for path in MONITORING] == [200, 200, 200]
        assert set(MONITORING) <= (await public.get("/openapi.json")).json()["paths"].keys()


async def test_set_it_has_them_and_the_public_port_does_not() -> None:
    node = running(ops_port=0, console=False)
    async with node as app, asking(app.port) as public, asking(app.ops_port) as operators:
        assert [(await public.get(path)).status_code for path in MONITORING] == [404, 404, 404]
        assert [(await operators.get(path)).status_code for path in MONITORING] == [200, 200, 200]
        assert (await operators.get("/readyz")).json()["status"] == "ready"
        assert "duelcast_connections" in (await operators.get("/metrics")).text
        assert not set(MONITORING) & (await public.get("/openapi.json")).json()["paths"].keys()
        home = (await public.get("/")).text
        assert "docs/clients" in home
        assert "readyz" not in home


async def test_it_has_nothing_else() -> None:
    node = running(ops_port=0, console=False)
    async with node as app, asking(app.port) as public, asking(app.ops_port) as operators:
        for path in PUBLIC:
            assert (await public.get(path)).status_code == 200
            assert (await operators.get(path)).status_code == 404
        assert_problem(await operators.get("/console/"), 404, "NOT_FOUND")
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{app.ops_port}/api/v69/ws/market-data", proxy=None)
        assert refused.value.response.status_code == 404
        async with client(app, "market-data"):
            pass


async def test_on_loopback_it_answers_to_loopback_names_alone() -> None:
    async with running(host="0.0.0.0", ops_port=0) as app, asking(app.ops_port) as operators:
        assert (await operators.get("/metrics", headers={"Host": "evil.example"})).status_code == 403
        assert (await operators.get("/metrics", headers={"Host": "localhost"})).status_code == 200


async def test_where_operations_are_not_public_it_asks_for_a_token_too() -> None:
    async with running(ops_port=0, public_ops=False) as app, asking(app.ops_port) as operators:
        scraper = token_for(app, "prometheus", Role.USER, scopes=["metrics"])
        assert (await operators.get("/metrics")).status_code == 401
        assert (await operators.get("/metrics", headers={"Authorization": f"Bearer {scraper}"})).status_code == 200
        assert (await operators.get("/readyz")).json() == {"status": "ready", "reasons": []}


def app_in(folder: Path, claim: Claim | None = None, **settings: object) -> App:
    values: dict[str, object] = {"port": 0, "feed": "none", "jwt_secret": SecretStr(SECRET), "data_dir": folder}
    started = Settings(**values | settings)  # type: ignore[arg-type]  # each is of its field's type
    return App(started, claim=claim)


async def test_it_is_there_while_the_server_starts_and_the_public_port_is_not(tmp_path: Path) -> None:
    seen: list[tuple[int, str]] = []

    async def look(_database: Database) -> None:
        async with asking(app.ops_port) as operators:
            readiness = await operators.get("/readyz")
            seen.append((readiness.status_code, readiness.json()["status"]))
            seen.append(
                ((await operators.get("/metrics")).status_code, (await operators.get("/healthz")).json()["status"])
            )
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", app.port)

    app = app_in(tmp_path, look, ops_port=0)
    await app.start()
    await app.stop()
    assert seen == [(503, "starting"), (200, "ok")]


async def test_it_is_there_while_the_server_drains_and_the_public_port_is_not(tmp_path: Path) -> None:
    app = app_in(tmp_path, ops_port=0)
    await app.start()
    draining, may_end, drain = asyncio.Event(), asyncio.Event(), app.node.gateway.drain

    async def slowly() -> None:
        app.node.gateway.draining = True
        draining.set()
        await may_end.wait()
        await drain()

    app.node.gateway.drain = slowly  # type: ignore[method-assign]  # what a client does that does not read
    stopping = asyncio.create_task(app.stop())
    await draining.wait()
    async with asking(app.ops_port) as operators:
        readiness = await operators.get("/readyz")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", app.port)
    may_end.set()
    await stopping
    assert (readiness.status_code, readiness.json()["status"]) == (503, "draining")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", app.ops_port)


async def test_a_port_that_is_taken_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    refused = pytest.raises(ConfigurationError, match="DUELCAST_OPS_PORT")
    with socket.create_server(("127.0.0.1", 0)) as other, refused:
        await app_in(tmp_path, ops_port=other.getsockname()[1]).start()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    app = app_in(tmp_path)
    await app.start()
    await app.stop()
