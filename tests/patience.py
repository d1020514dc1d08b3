"""How long servers wait for PostgreSQL. Only tests of these times may depend on them, because on a busy machine an
answer, or the next statement of a transaction, may take longer than users should wait."""

from __future__ import annotations

from duelcast.store.postgres import session

_PATIENCE_S = 60.0
_USUAL = session.CONNECT_TIMEOUT_S, session.ANSWER_TIMEOUT_S, session.IDLE_TIMEOUT_MS


def set_patience(*, patient: bool) -> None:
    """Let servers of this process wait for long, or as long as they usually do."""
    connect_s, answer_s, idle_ms = _USUAL
    if patient:
        connect_s = answer_s = _PATIENCE_S
        idle_ms = dict.fromkeys(idle_ms, int(_PATIENCE_S * 1000))
    session.CONNECT_TIMEOUT_S = connect_s
    session.ANSWER_TIMEOUT_S = answer_s
    session.IDLE_TIMEOUT_MS = idle_ms
