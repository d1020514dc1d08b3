"""A WebSocket in Chromium: `python -m tests.clients.chromium_talker URL CHROMIUM`. It speaks as
`clients/typescript/test/talker.mjs` does."""

from __future__ import annotations

import asyncio
import sys
from urllib.parse import urlsplit

from playwright.async_api import async_playwright

from tests.browser.conftest import ARGUMENTS

OPEN = """
(url) => new Promise((resolve, reject) => {
  window.socket = new WebSocket(url);
  socket.onopen = () => resolve(received(socket.extensions));
  socket.onmessage = ({ data }) => received(data);
  socket.onerror = () => reject(new Error("the connection failed"));
})
"""


def write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def talk(url: str, chromium: str) -> None:
    """Send each line of the standard input, until that ends, and write each message."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = await browser.new_page()
        await page.expose_function("received", write)
        # A page of the server, because others have an origin that it does not know.
        await page.goto(f"http://{urlsplit(url).netloc}/healthz")
        await page.evaluate(OPEN, url)
        while line := await lines.readline():
            await page.evaluate("(line) => socket.send(line)", line.decode().rstrip("\n"))
        await browser.close()


asyncio.run(talk(*sys.argv[1:]))
