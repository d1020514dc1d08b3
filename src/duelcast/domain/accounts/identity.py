"""The caller behind a connection or a request."""

from __future__ import annotations

import re

from msgspec import Struct

from duelcast.channels.names import Role

WALLET_PATTERN = r"[A-Za-z0-9_\-]{1,64}"
WALLET_GRAMMAR = "1 to 64 characters of A-Z a-z 0-9 _ -"
"""`WALLET_PATTERN` in words."""
SCOPES = ("prices", "operations", "errors", "notifications", "metrics")
"""The rights that a machine's token may have. `metrics` permits `GET /metrics`; each of the others permits the POST
requests that require it."""


class Identity(Struct, frozen=True):
    """The bearer of a verified token, with the stored role and nickname if there are any.

    `expires_at` is in epoch seconds. `scopes` is empty for a person; a machine may do exactly what its scopes permit.
    All tokens of a session have the same `session_id` (43 characters), and are ended together. `claimed_nickname` is
    shown whenever no nickname is stored.
    """

    wallet: str
    role: Role
    nickname: str | None
    expires_at: float
    scopes: frozenset[str] = frozenset()
    session_id: str = ""
    claimed_nickname: str | None = None

    @property
    def is_admin(self) -> bool:
        return self.role >= Role.ADMIN


def is_wallet(text: str) -> bool:
    """Whether `text` follows the grammar of a wallet (protocol §1.1)."""
    return re.fullmatch(WALLET_PATTERN, text) is not None


def role_of(text: object) -> Role:
    """The role that a claim names: `admin` or `superadmin`; anything else counts as `user`."""
    return {"admin": Role.ADMIN, "superadmin": Role.SUPERADMIN}.get(text if isinstance(text, str) else "", Role.USER)
