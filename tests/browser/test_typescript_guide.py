"""The pages of the TypeScript client's guide and examples, bundled and served as an application does."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import served
from tests.browser.watching import Watch
from tests.guides.blocks import DOCS, blocks_of
from tests.guides.scene import CONTEST, Scene, token_of

pytestmark = pytest.mark.browser

PACKAGE = DOCS.parent / "clients" / "typescript"
ESBUILD = PACKAGE / "node_modules" / ".bin" / "esbuild"
EXAMPLES = PACKAGE / "examples"
SCRIPT = re.compile(r"(?<=/)src/main\.tsx?")
OUTAGE = re.compile(r"WebSocket connection to '\S+' failed: ")
"""The browser itself reports this of an attempt to connect while no server listens."""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    if not ESBUILD.exists():
        pytest.skip("the TypeScript client is not installed: run `make clients`")
    made = Scene(tmp_path / "data")
    try:
        made.open()
        yield made
    finally:
        made.close()


def bundle(source: str, loader: str) -> str:
    """A script with everything that it imports."""
    options = (
        "--bundle",
        "--format=esm",
        "--jsx=automatic",
        f"--loader={loader}",
        '--define:process.env.NODE_ENV="development"',
    )
    built = subprocess.run([ESBUILD, *options], cwd=PACKAGE, input=source, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return built.stdout


def write_page(folder: Path, html: str, script: str) -> None:
    """Make a page of which `main.js` is the script."""
    (folder / "index.html").write_text(html)
    (folder / "main.js").write_text(script)


def write_example(folder: Path, name: str) -> None:
    """Make the page of an example, with its bundled script."""
    html = (EXAMPLES / name / "index.html").read_text()
    match = SCRIPT.search(html)
    assert match is not None
    source = EXAMPLES / name / match[0]
    write_page(folder, SCRIPT.sub("main.js", html), bundle(source.read_text(), source.suffix.removeprefix(".")))


@pytest.mark.parametrize("name", ["vanilla", "react"])
def test_a_page_shows_everything_and_survives_a_restart(
    page: Page, scene: Scene, watch: Watch, tmp_path: Path, name: str
) -> None:
    write_example(tmp_path, name)
    with served(tmp_path) as address:
        page.goto(f"{address}#server={scene.server.url}&contest={CONTEST}&token={token_of('ann')}")
    prices, board, chat = page.locator("#prices"), page.locator("#leaderboard"), page.locator("#chat")
    for symbol in ("SOL", "BTC"):
        expect(prices).to_contain_text(re.compile(rf"{symbol} \d"))
    for wallet in ("ann", "bob"):
        expect(board).to_contain_text(re.compile(rf"{wallet} \d"))
    expect(chat).to_contain_text("Good luck!")
    page.get_by_label("Message").fill("Hello")
    page.get_by_role("button", name="Send").click()
    expect(chat).to_contain_text("Hello")
    expect(chat).not_to_contain_text("(pending)")
    assert len(watch.sockets) == 2  # one per endpoint, also under StrictMode
    assert watch.errors == []

    scene.restart()
    scene.say("bob", "We are back.")
    expect(chat).to_contain_text("We are back.")
    text = chat.inner_text()
    assert [text.count(said) for said in ("Good luck!", "Hello", "We are back.")] == [1, 1, 1]
    for shown in (prices, board):
        expect(shown).not_to_have_text(shown.inner_text())
    assert [error for error in watch.errors if not OUTAGE.search(error)] == []


def test_the_components_of_the_guide_show_a_chat_and_prices(
    page: Page, scene: Scene, watch: Watch, tmp_path: Path
) -> None:
    (block,) = blocks_of(DOCS / "client-typescript.md", "tsx")
    render = """
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
createRoot(document.body).render(<StrictMode><App /></StrictMode>);
"""
    script = bundle(block.code.replace("http://127.0.0.1:8069", scene.server.url) + render, "tsx")
    html = '<!doctype html><link rel="icon" href="data:,"><body></body><script type="module" src="/main.js"></script>'
    write_page(tmp_path, html, script)
    with served(tmp_path) as address:
        page.goto(address)
    expect(page.locator("td.live")).to_have_count(2)
    expect(page.locator("p")).to_have_text(["Good luck!"])
    page.locator("input").fill("Hello")
    page.locator("input").press("Enter")
    expect(page.locator("p")).to_have_text(["Good luck!", "Hello"])  # it has failed, without a token
    assert len(watch.sockets) == 2
    assert watch.errors == []
