from __future__ import annotations

from duelcast.clock import ManualClock
from duelcast.domain.accounts.sessions import EndedSession, EndedSessions


def ended(clock: ManualClock, name: str, lasts_s: float) -> EndedSession:
    return EndedSession(name, "w1", clock.time() + lasts_s)


def test_a_session_that_ended_is_in_it_and_told_once() -> None:
    clock = ManualClock()
    sessions = EndedSessions(clock)
    told: list[EndedSession] = []
    sessions.on_end(told.append)
    assert "a" not in sessions
    for _ in range(2):
        sessions.end(ended(clock, "a", 100))
    assert "a" in sessions
    assert told == [ended(clock, "a", 100)]


def test_it_is_refused_before_a_listener_hears_of_it() -> None:
    clock = ManualClock()
    sessions = EndedSessions(clock)
    refused: list[bool] = []
    sessions.on_end(lambda session: refused.append(session.session_id in sessions))
    sessions.end(ended(clock, "a", 100))
    assert refused == [True]


async def test_sessions_are_forgotten_once_none_of_their_tokens_can_live() -> None:
    clock = ManualClock()
    sessions = EndedSessions(clock)
    for number in range(100):
        sessions.end(ended(clock, f"short {number}", 10))
    sessions.end(ended(clock, "long", 100))
    await clock.advance(11)
    sessions.end(ended(clock, "another", 100))
    assert len(sessions) == 2
    assert "long" in sessions
