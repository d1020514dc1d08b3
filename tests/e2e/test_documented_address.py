"""The AsyncAPI document names the server at the address under which its reader reached it."""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from duelcast.clock import ManualClock
from duelcast.endpoints.documents.asyncapi import any_server, server_at
from tests.e2e.test_tls import write_certificate
from tests.serving import http_client, running

ANYWHERE: dict[str, Any] = {"host": "0.0.0.0", "port": 0, "trusted_proxies": ["127.0.0.0/8"]}
"""The settings of a server that answers under any name, behind a proxy on this machine."""
PROXIED = {"Host": "play.example", "X-Forwarded-Proto": "https"}


def address_of(document: dict[str, Any], endpoint: str) -> str:
    """The address of an endpoint, as a client makes it from the document."""
    (server,) = document["servers"].values()
    path = document["channels"][endpoint]["address"]
    return f"{server['protocol']}://{server['host']}{server.get('pathname', '')}{path}"


async def greeting(address: str, **options: Any) -> str:
    async with connect(address, proxy=None, **options) as ws:
        return str(json.loads(await ws.recv())["type"])


@pytest.mark.parametrize("root_path", ["", "/under"])
async def test_a_client_connects_to_the_address_in_the_document(root_path: str) -> None:
    async with running(ManualClock(), root_path=root_path) as app, http_client(app, "") as http:
        document = (await http.get(f"{root_path}/asyncapi.json")).json()
        assert address_of(document, "market-data") == f"ws://127.0.0.1:{app.port}{root_path}/api/v69/ws/market-data"
        assert await greeting(address_of(document, "market-data")) == "connection_established"


async def test_over_tls_it_is_wss(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    context = ssl.create_default_context(cafile=certificate)
    async with (
        running(ManualClock(), tls_cert=certificate, tls_key=key) as app,
        httpx.AsyncClient(verify=context, trust_env=False) as http,
    ):
        document = (await http.get(f"https://127.0.0.1:{app.port}/asyncapi.json")).json()
        assert address_of(document, "market-data").startswith("wss://")
        assert await greeting(address_of(document, "market-data"), ssl=context) == "connection_established"


@pytest.mark.parametrize(("proxies", "protocol"), [(["127.0.0.0/8"], "wss"), ([], "ws")])
async def test_a_trusted_proxy_says_whether_its_client_uses_tls(proxies: list[str], protocol: str) -> None:
    async with (
        running(ManualClock(), trusted_proxies=proxies, allowed_origins=["https://play.example"]) as app,
        http_client(app, "") as http,
    ):
        document = (await http.get("/asyncapi.json", headers=PROXIED)).json()
        assert address_of(document, "contest") == f"{protocol}://play.example/api/v69/ws/contest"
        plain = (await http.get("/asyncapi.json", headers=PROXIED | {"X-Forwarded-Proto": "http"})).json()
        assert address_of(plain, "contest") == "ws://play.example/api/v69/ws/contest"


@pytest.mark.parametrize(
    "host",
    [
        "",
        "user@play.example",
        "play.example,other.example",
        "play.example:",
        "play.example:port",
        "play.example:65536",
        "[::1",
        "p" * 301,
    ],
)
async def test_the_document_names_no_server_if_the_host_is_none(host: str) -> None:
    async with running(ManualClock(), **ANYWHERE) as app, http_client(app, "") as http:
        answer = await http.get("/asyncapi.json", headers={"Host": host})
        assert answer.json()["servers"] == any_server()
        assert "Host" in answer.headers["Vary"]


async def test_nothing_but_the_host_and_https_is_taken_from_the_headers() -> None:
    hostile = {"X-Forwarded-Proto": 'https", "host": "evil.example', "X-Forwarded-Host": "evil.example"}
    async with running(ManualClock(), **ANYWHERE) as app, http_client(app, "") as http:
        named = (await http.get("/asyncapi.json", headers={"Host": "play.example:8443"} | hostile)).json()
        assert named["servers"] == server_at("play.example:8443", "", tls=False)


async def test_the_document_of_one_host_is_not_that_of_another() -> None:
    async with running(ManualClock(), **ANYWHERE) as app, http_client(app, "") as http:
        for host in ("evil.example", "play.example"):
            answer = await http.get("/asyncapi.json", headers={"Host": host})
            assert answer.json()["servers"]["this"]["host"] == host
            assert {"Host", "X-Forwarded-Proto"} <= set(answer.headers["Vary"].split(", "))
