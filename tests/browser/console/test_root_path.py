"""The console behind a proxy that publishes the server under a path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.console.pages import Console
from tests.browser.console.reverse_proxy import PREFIX, nginx, plain_proxy
from tests.browser.watching import Watch
from tests.guides.scene import CONTEST, Scene, token_of

pytestmark = pytest.mark.browser

TIMES = {"start_time": "2099-01-01T00:00:00Z", "end_time": "2099-01-02T00:00:00Z"}
Proxy = Callable[[str, Path], AbstractContextManager[str]]


@pytest.fixture(scope="module")
def told_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A server that was told under which path it is published."""
    scene = Scene(tmp_path_factory.mktemp("scene") / "data", {"DUELCAST_ROOT_PATH": PREFIX})
    try:
        scene.open()
        yield scene
    finally:
        scene.close()


@pytest.fixture(params=["shared_scene", "told_scene"], ids=["untold", "told"])
def scene(request: pytest.FixtureRequest) -> Scene:
    found: Scene = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=[plain_proxy, nginx])
def console(
    request: pytest.FixtureRequest, page: Page, watch: Watch, scene: Scene, tmp_path: Path
) -> Iterator[Console]:
    proxy: Proxy = request.param
    # A server that was told its path names its address with it.
    with proxy(scene.server.url.removesuffix(PREFIX), tmp_path) as url:
        yield Console(page, watch, scene, url)
        page.close()  # before the proxy ends under it


def test_everything_is_below_the_path(console: Console) -> None:
    page, scene = console.page, console.scene
    page.goto(f"{console.url}/")
    expect(page).to_have_url(f"{console.url}/console/")
    console.live()
    quote = console.row("AAVE").locator(".quote")
    expect(quote).not_to_have_text(quote.inner_text())
    console.row("AAVE").get_by_role("link", name="AAVE").click()
    expect(page).to_have_url(f"{console.url}/console/symbols/AAVE")
    expect(page.get_by_role("img", name=re.compile("^AAVE from "))).to_be_visible()

    contest = scene.call("POST", "/contests", {"name": f"Cup at {console.url}", **TIMES})["id"]
    console.open(f"contests/{contest}/room", token_of("ann"))
    console.say("From below a path")
    expect(console.message("From below a path").locator("time")).to_be_visible()
    page.get_by_role("link", name="Participants").click()
    expect(page).to_have_url(f"{console.url}/console/contests/{contest}/participants")
    page.reload()
    console.live()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cup at")
    console.open(f"contests/{CONTEST}/participants")
    expect(page.get_by_role("main")).to_contain_text("bob")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Docs").click()
    expect(page).to_have_url(f"{console.url}/docs")
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    assert {address for address in console.watch.addresses if f"{PREFIX}/" not in address} == set()
    console.clean()
