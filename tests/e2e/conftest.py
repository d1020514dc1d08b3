from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
import structlog

from duelcast.app import App
from duelcast.clock import ManualClock
from duelcast.endpoints.registry import find_endpoints
from duelcast.logs import QUIET_LIBRARIES, configure_logging
from tests.e2e.arena import Notebook, make_arena
from tests.serving import running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app() -> AsyncIterator[App]:
    """One server for all tests of a module, without rate limits: the public endpoints and an arena for everybody.

    Its tests need `pytest.mark.asyncio(loop_scope="module")`, and wallets and channels of their own.
    """
    arena = make_arena()
    async with running(ManualClock(), endpoints={**find_endpoints(), arena.path: arena}, rate_limit_factor=0) as app:
        app.leader.services[Notebook] = Notebook(app.leader.broker, app.clock)
        yield app


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, as an operator sees it; what was configured before is put back."""
    root = logging.getLogger()
    names = ("duelcast", *QUIET_LIBRARIES)
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in ("", *names)}
    stream = io.StringIO()
    configure_logging("debug", "json", stream)
    yield stream
    root.handlers = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()
