from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from duelcast.channels.names import Role
from duelcast.http.services import Failure, Readiness
from tests.http.serving import ASYNCAPI, Serving, serving
from tests.http.test_problems import assert_problem

FEED = Failure("feed exchange", "The venue does not answer.")
STORE = Failure("storage", "The database is out of reach.")
PRIVATE = ["/metrics", "/asyncapi.json", "/openapi.json", "/docs", "/docs/clients", "/docs/errors", "/docs/search.json"]


async def test_a_process_that_answers_is_alive(server: Serving) -> None:
    answer = await server.client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("readiness", "code", "status"),
    [
        (Readiness(), 200, "ready"),
        (Readiness(failed=[FEED]), 200, "degraded"),
        (Readiness(missing=[STORE], failed=[FEED]), 503, "unavailable"),
        (Readiness(starting=True), 503, "starting"),
        (Readiness(draining=True), 503, "draining"),
        (Readiness(starting=True, draining=True), 503, "draining"),
    ],
)
async def test_readiness_has_a_status_and_its_reasons(
    server: Serving, readiness: Readiness, code: int, status: str
) -> None:
    server.readiness = readiness
    answer = await server.client.get("/readyz")
    reasons = [{"part": each.part, "reason": each.reason} for each in (*readiness.missing, *readiness.failed)]
    assert answer.status_code == code
    assert answer.json() == {"status": status, "reasons": reasons}


async def test_metrics_are_prometheus_text(server: Serving) -> None:
    await server.client.get("/healthz")
    answer = await server.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["content-type"].count("charset") == 1
    assert 'duelcast_http_requests_total{method="GET",status="200"} 1.0' in answer.text


async def test_metrics_are_rendered_at_most_once_a_second(server: Serving) -> None:
    renderings = 0

    class Counted(Collector):
        def collect(self) -> Iterator[Metric]:
            nonlocal renderings
            renderings += 1
            yield from ()

    server.registry.register(Counted())
    renderings = 0
    first = await server.client.get("/metrics")
    for _ in range(20):
        assert (await server.client.get("/metrics")).text == first.text
    assert renderings == 1
    await server.clock.advance(1)
    later = await server.client.get("/metrics")
    assert renderings == 2
    assert 'duelcast_http_requests_total{method="GET",status="200"} 21.0' in later.text


async def test_the_asyncapi_document_is_served(server: Serving) -> None:
    answer = await server.client.get("/asyncapi.json")
    assert answer.headers["content-type"] == "application/json"
    served = answer.json()
    assert served.pop("servers")["this"]["protocol"] == "ws"
    assert served == ASYNCAPI


@pytest.mark.parametrize("path", PRIVATE)
async def test_by_configuration_these_are_for_admins_alone(path: str) -> None:
    async with serving(public_ops=False) as server:
        assert_problem(await server.client.get(path), 401, "UNAUTHORIZED")
        assert_problem(await server.client.get(path, headers=server.bearer("u")), 403, "PERMISSION_DENIED")
        assert_problem(await server.client.get(path, headers=server.machine), 403, "PERMISSION_DENIED")
        assert (await server.client.get(path, headers=server.admin)).status_code == 200


async def test_a_machine_with_the_scope_reads_the_metrics_and_nothing_else() -> None:
    async with serving(public_ops=False) as server:
        scraper = server.bearer("prometheus", Role.SUPERADMIN, scopes=["metrics"])
        assert "duelcast_http" in (await server.client.get("/metrics", headers=scraper)).text
        for path in (*PRIVATE[1:], "/api/v69/tokens", "/api/v69/audit"):
            assert_problem(await server.client.get(path, headers=scraper), 403, "PERMISSION_DENIED")
        for path in ("prices", "trades"):
            answer = await server.client.post(f"/api/v69/tokens/{path}", json=[], headers=scraper)
            assert_problem(answer, 403, "PERMISSION_DENIED")


async def test_probes_stay_open_but_tell_no_reasons() -> None:
    async with serving(public_ops=False) as server:
        server.readiness = Readiness(failed=[FEED])
        assert (await server.client.get("/healthz")).status_code == 200
        assert (await server.client.get("/readyz")).json() == {"status": "degraded", "reasons": []}
