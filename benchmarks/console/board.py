"""A leaderboard of 100 rows that changes each second: how soon its rows have arrived at their places."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from benchmarks.console.browser import Site, chromium, site, wait
from benchmarks.measuring import token_of, wallet_of
from benchmarks.rows import Row, Target, worst

PARTICIPANTS = 100
SYMBOLS = [f"T{number:03}" for number in range(20)]
MOST_MOVE_MS = 400
ROWS = "table.board tr[data-key]"
RECORD = f"""
() => {{
  window.moves = [];
  const seen = new WeakSet();
  const observer = new MutationObserver(() => {{
    const changed = performance.now();
    for (const animation of document.getAnimations()) {{
      if (seen.has(animation) || !animation.effect.target.matches("{ROWS}")) continue;
      seen.add(animation);
      animation.finished.then(() => window.moves.push(performance.now() - changed));
    }}
  }});
  observer.observe(document.querySelector("main"), {{ subtree: true, childList: true, characterData: true }});
}}
"""
"""Records how long after the change of the page each moving row is in its place."""


def measure(seconds: int) -> list[Row]:
    """Raises `Failed`."""
    with site() as server, chromium() as browser:
        contest = _contest(server)
        page = browser.new_page()
        page.goto(f"{server.url}/console/contests/{contest}")
        page.wait_for_selector(ROWS)
        page.evaluate(RECORD)
        with server.repeating(lambda: _move(server), 1.0):
            wait(page, seconds)
        moves_ms = page.evaluate("moves")
    title = f"leaderboard of {PARTICIPANTS}, changing each second: a row until it is in its place"
    return [worst(title, "ms", moves_ms or [float("inf")], Target("most", MOST_MOVE_MS))]


def _contest(server: Site) -> int:
    """The id of an active contest."""
    _move(server)
    begins = datetime.now(UTC) + timedelta(hours=1)
    times = {"start_time": begins.isoformat(), "end_time": (begins + timedelta(hours=9)).isoformat()}
    contest: int = server.call("POST", "/contests", {"name": "Benchmark", **times})["id"]
    for number in range(PARTICIPANTS):
        portfolio = [{"symbol": symbol, "weight": 50} for symbol in random.sample(SYMBOLS, 2)]
        server.call("POST", f"/contests/{contest}/entries", {"portfolio": portfolio}, token_of(wallet_of(number)))
    server.call("POST", f"/contests/{contest}/start", {})
    return contest


def _move(server: Site) -> None:
    server.call("POST", "/tokens/prices", [{"symbol": one, "price": random.uniform(50, 150)} for one in SYMBOLS])
