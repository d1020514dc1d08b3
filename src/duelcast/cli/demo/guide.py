"""The guide that `duelcast demo` prints once everything is set up: what exists, whom to sign in as, and what to try."""

from __future__ import annotations

import json
from collections.abc import Sequence

from duelcast.cli.demo.api import Passes
from duelcast.cli.demo.organiser import Contest
from duelcast.cli.demo.people import ADMIN, BOTS, GUEST
from duelcast.cli.greeting import tail_command
from duelcast.settings.loading import TOKEN_VARIABLE

TOKEN_TTL_S = 86_400
ADMIN_VARIABLE = "ADMIN_TOKEN"
LIKED = ("SOL", "BTC")


def guide(websocket: str, passes: Passes, contests: Sequence[Contest], symbols: Sequence[str], *, console: bool) -> str:
    """Lines for a person at a terminal. `websocket` is the address of the server, `contests` are those to look at,
    `symbols` are the tokens that can be bought, at least one, and `console` says whether the server has the console."""
    http = f"http{websocket.removeprefix('ws')}"
    user, admin = (passes.token(person, TOKEN_TTL_S) for person in (GUEST, ADMIN))
    api = f"{http}/api/v69"
    signed_in = f'-H "Authorization: Bearer ${TOKEN_VARIABLE}"'
    lines = [
        f"DEMO DATA: the {len(BOTS)} bots, their contests and their chat are made up.",
        "",
        *(f"contest {contest.id:<4} {contest.status:<10} {contest.name}{_when(contest)}" for contest in contests),
        "",
        *(_console_links(http, user, admin) if console else []),
        "Tokens of a user and of an admin, valid for a day:",
        f"  export {TOKEN_VARIABLE}={user}",
        f"  export {ADMIN_VARIABLE}={admin}",
        "",
        "Run these two lines in another terminal, then try:",
    ]
    by_status = {contest.status: contest.id for contest in contests}
    if (active := by_status.get("active")) is not None:
        lines.append(f"  {tail_command(websocket, 'contest', f'leaderboard.{active}', f'chat.{active}')}")
    if (pending := by_status.get("pending")) is not None:
        body = {"portfolio": _portfolio(symbols)}
        lines.append(
            f"  curl {api}/contests/{pending}/entries {signed_in} "
            f"-H 'Content-Type: application/json' -d '{json.dumps(body, separators=(',', ':'))}'"
        )
        lines.append(f"  {tail_command(websocket, 'notifications')}")
    if (completed := by_status.get("completed")) is not None:
        lines.append(f"  curl {api}/contests/{completed}/leaderboard")
    lines += [
        f'  curl {api}/audit -H "Authorization: Bearer ${ADMIN_VARIABLE}"',
        f"Everything else: {http}/docs",
    ]
    return "\n" + "".join(f"  {line}".rstrip() + "\n" for line in lines)


def _console_links(http: str, user: str, admin: str) -> list[str]:
    """Links that sign in with a token, in the part of the address that browsers keep to themselves."""
    return [
        "The console, signed in as a user and as an admin:",
        f"  {http}/console/#token={user}",
        f"  {http}/console/operate#token={admin}",
        "",
    ]


def _when(contest: Contest) -> str:
    if contest.status == "pending":
        return f", starts at {contest.start_time}"
    return f", ends at {contest.end_time}" if contest.status == "active" else ""


def _portfolio(symbols: Sequence[str]) -> list[dict[str, object]]:
    first, *others = [*(symbol for symbol in LIKED if symbol in symbols), *symbols]
    second = next((symbol for symbol in others if symbol != first), None)
    if second is None:
        return [{"symbol": first, "weight": 100}]
    return [{"symbol": first, "weight": 60}, {"symbol": second, "weight": 40}]
