"""Certificates: valid, ending, ended, of others."""

from __future__ import annotations

import pytest
import trustme

from duelcast.outbound.checks.targets import TargetRules
from tests.outbound.checks.conftest import Certify
from tests.outbound.checks.probing import check, resolving_to, say_nothing, serving

RULES = TargetRules(resolver=resolving_to("127.0.0.1"))


async def test_a_valid_certificate(certify: Certify) -> None:
    async with serving(say_nothing, certify("db.invalid", days=90)) as server:
        result = await check("tls", f"tls://db.invalid:{server.port}", RULES)
    assert (result.healthy, result.details) == (True, "The certificate is valid.")
    assert result.metrics == {"days_left": pytest.approx(90, abs=0.1)}
    assert result.latency_ms > 0


@pytest.mark.parametrize(("days", "healthy"), [(7.1, True), (6.9, False)])
async def test_a_certificate_that_ends_soon(certify: Certify, days: float, healthy: bool) -> None:
    async with serving(say_nothing, certify("db.invalid", days=days)) as server:
        result = await check("tls", f"tls://db.invalid:{server.port}", RULES)
    assert result.healthy is healthy
    assert result.metrics == {"days_left": pytest.approx(days, abs=0.1)}
    assert healthy or result.details == "The certificate expires in less than 7 days."


async def test_a_certificate_that_has_ended(certify: Certify) -> None:
    async with serving(say_nothing, certify("db.invalid", days=-1)) as server:
        result = await check("tls", f"tls://db.invalid:{server.port}", RULES)
    assert (result.healthy, result.details, result.metrics) == (False, "The certificate has expired.", {})


async def test_a_certificate_of_another_host(certify: Certify) -> None:
    async with serving(say_nothing, certify("other.invalid")) as server:
        result = await check("tls", f"tls://db.invalid:{server.port}", RULES)
    assert (result.healthy, result.details) == (False, "The certificate is for another host.")


async def test_a_certificate_of_an_address(certify: Certify) -> None:
    async with serving(say_nothing, certify("127.0.0.1")) as server:
        assert (await check("tls", f"tls://127.0.0.1:{server.port}")).healthy


async def test_a_certificate_of_an_unknown_issuer(certify: Certify) -> None:
    async with serving(say_nothing, certify("db.invalid", by=trustme.CA())) as server:
        result = await check("tls", f"tls://db.invalid:{server.port}", RULES)
    assert not result.healthy
    assert result.details in ("The certificate is signed by an unknown issuer.", "The certificate is self-signed.")
