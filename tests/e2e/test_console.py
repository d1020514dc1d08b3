"""A setting says whether the server has the console."""

from __future__ import annotations

import pytest

from duelcast.app import http_parts
from tests.http.console_fixture import BASE, console
from tests.http.test_problems import assert_problem
from tests.serving import http_client, running


@pytest.fixture(autouse=True)
def _built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_parts, "built_console", console)


@pytest.mark.parametrize("public_ops", [True, False])
async def test_the_first_page_is_the_console_for_everybody(public_ops: bool) -> None:
    async with running(public_ops=public_ops) as app, http_client(app, "", follow_redirects=True) as http:
        page = await http.get("/")
        assert (page.status_code, page.url.path) == (200, "/console/")
        assert BASE in page.content


async def test_a_server_whose_console_is_switched_off_has_a_page_of_links() -> None:
    async with running(console=False) as app, http_client(app, "") as http:
        home = await http.get("/")
        assert home.status_code == 200
        assert 'href="docs"' in home.text
        for path in ("/console", "/console/", "/console/market"):
            assert_problem(await http.get(path), 404, "CONSOLE_NOT_FOUND")
