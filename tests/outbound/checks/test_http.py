"""`http` against servers that record what they were asked."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping

import pytest
from aiohttp import web

from duelcast.outbound.checks.targets import TargetRules
from tests.outbound.checks.conftest import Certify
from tests.outbound.checks.probing import check, resolving_to, say_nothing, serving

RULES = TargetRules(resolver=resolving_to("127.0.0.1"))


class Site:
    """Answers with `status` and `headers`, and keeps the requests."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: Mapping[str, str] = {}
        self.requests: list[web.BaseRequest] = []
        self.port = 0

    async def answer(self, request: web.BaseRequest) -> web.Response:
        self.requests.append(request)
        return web.Response(status=self.status, headers=self.headers, text="body")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    served = Site()
    runner = web.ServerRunner(web.Server(served.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.port = runner.addresses[0][1]
    yield served
    await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "healthy"), [(200, True), (204, True), (302, True), (399, True), (404, False), (503, False)]
)
async def test_2xx_and_3xx_are_healthy(site: Site, status: int, healthy: bool) -> None:
    site.status = status
    result = await check("http", f"http://127.0.0.1:{site.port}/health")
    assert (result.healthy, result.details) == (healthy, f"The answer has status {status}.")
    assert result.metrics == {"status": status}


async def test_what_is_asked(site: Site) -> None:
    await check("http", f"http://user:p%40ss@web.invalid:{site.port}/a/b?c=d#e", RULES)
    (request,) = site.requests
    assert (request.method, request.raw_path) == ("GET", "/a/b?c=d")
    assert request.headers["Host"] == f"web.invalid:{site.port}"
    assert request.headers["Authorization"] == f"Basic {base64.b64encode(b'user:p@ss').decode()}"


async def test_without_a_user_nothing_logs_in(site: Site) -> None:
    await check("http", f"http://127.0.0.1:{site.port}")
    (request,) = site.requests
    assert request.raw_path == "/"
    assert "Authorization" not in request.headers


async def test_a_redirection_is_not_followed(site: Site) -> None:
    async with serving(say_nothing) as elsewhere:
        site.status = 302
        for location in ("http://169.254.169.254/latest", f"http://127.0.0.1:{elsewhere.port}/"):
            site.headers = {"Location": location}
            assert (await check("http", f"http://127.0.0.1:{site.port}", timeout_ms=5_000)).healthy
        assert (len(site.requests), elsewhere.accepted) == (2, 0)


async def test_proxies_of_the_environment_are_not_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert (await check("http", f"http://127.0.0.1:{site.port}")).healthy


@pytest.mark.parametrize(
    ("host", "details"), [("web.invalid", None), ("other.invalid", "The certificate is for another host.")]
)
async def test_https_asks_for_a_certificate_of_the_host(certify: Certify, host: str, details: str | None) -> None:
    served = Site()
    runner = web.ServerRunner(web.Server(served.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certify("web.invalid")).start()
    try:
        result = await check("http", f"https://{host}:{runner.addresses[0][1]}", RULES)
    finally:
        await runner.cleanup()
    assert (result.healthy, result.details) == (details is None, details or "The answer has status 200.")
