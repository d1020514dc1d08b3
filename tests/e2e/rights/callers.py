"""Everybody who may call: the columns of the tables of rights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.domain.accounts.accounts import Account
from duelcast.domain.accounts.tokens import TokenIssuer
from tests.serving import SECRET

OWNER = "owner"
"""The wallet that paths name."""
BANNED = "banned"

_later = count(3_600)


@dataclass(frozen=True)
class Caller:
    """Who calls, and with what: `token` None is none, `scope` that of a machine."""

    name: str
    wallet: str | None = None
    role: Role = Role.USER
    scope: str | None = None
    expired: bool = False
    token: str | None = None

    def token_for(self, app: App) -> str | None:
        """Another token each time, since one of them may be used to sign out."""
        if self.wallet is None:
            return self.token
        ttl_s = -3_600.0 if self.expired else float(next(_later))
        scopes = [] if self.scope is None else [self.scope]
        return TokenIssuer(app.clock, SECRET).issue(self.wallet, self.role, None, scopes, ttl_s)


PEOPLE = (
    Caller("anonymous"),
    Caller("bad token", token="not.a.token"),
    Caller("expired", "somebody", Role.SUPERADMIN, expired=True),
    Caller("user", "somebody"),
    Caller("owner", OWNER),
    Caller("admin", "boss", Role.ADMIN),
    Caller("superadmin", "chief", Role.SUPERADMIN),
    Caller("banned", BANNED, Role.SUPERADMIN),
)
MACHINES = tuple(
    Caller(scope, "machine", Role.SUPERADMIN, scope)
    for scope in ("prices", "operations", "errors", "notifications", "metrics", "wonders")
)
CALLERS = (*PEOPLE, *MACHINES)


def ban(app: App) -> None:
    app.leader.accounts.put(Account(BANNED, banned=True))


def table(text: str) -> dict[str, str]:
    """Rows of a table: what each is about, and behind two spaces a character for each caller."""
    rows = [re.split(r" {2,}", line.strip(), maxsplit=1) for line in text.strip().splitlines()]
    found = {name: marks.replace(" ", "") for name, marks in rows}
    assert len(found) == len(rows), "a row is there twice"
    return found


def differences(expected: Mapping[str, str], seen: Mapping[str, str]) -> Iterator[str]:
    """Rows that are not as expected, or on one side only, as they would stand in the table."""
    for name in expected.keys() | seen.keys():
        if expected.get(name) != seen.get(name):
            yield f"{name}: expected {expected.get(name, 'no row')}, seen {seen.get(name, 'nothing')}"
