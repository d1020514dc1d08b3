"""`tcp`: a port that takes connections is all it asks for."""

from __future__ import annotations

from tests.outbound.checks.probing import check, hang_up, say_nothing, serving


async def test_a_port_that_takes_connections() -> None:
    for serve in (say_nothing, hang_up):
        async with serving(serve) as server:
            result = await check("tcp", f"tcp://127.0.0.1:{server.port}")
            assert (result.healthy, result.details) == (True, "The port accepts connections.")
            assert (server.accepted, result.metrics) == (1, {})
