from __future__ import annotations

from duelcast.channels.names import Role
from duelcast.domain.accounts.claims import LEEWAY_S, Claims
from duelcast.domain.accounts.verified_tokens import Verified, VerifiedTokens


def verified(wallet: str, expires_at: float = 100.0) -> Verified:
    return Verified(Claims(wallet, Role.USER, None, expires_at, frozenset(), "a session"))


def test_what_was_verified_is_found_until_it_expires() -> None:
    tokens = VerifiedTokens()
    tokens.remember("a.b.c", verified("ann"))
    assert tokens.find("a.b.c", 100 + LEEWAY_S - 1) == verified("ann")
    assert tokens.find("a.b.d", 0) is None
    assert tokens.find("a.b.c", 100 + LEEWAY_S) is None
    assert len(tokens) == 0


def test_the_token_that_was_not_used_for_longest_is_forgotten_first() -> None:
    tokens = VerifiedTokens(most=2)
    for token in ("a.a.a", "b.b.b"):
        tokens.remember(token, verified(token))
    assert tokens.find("a.a.a", 0) is not None
    tokens.remember("c.c.c", verified("c"))
    assert len(tokens) == 2
    assert [tokens.find(token, 0) is not None for token in ("a.a.a", "b.b.b", "c.c.c")] == [True, False, True]


def test_no_token_is_kept() -> None:
    tokens, others = VerifiedTokens(), VerifiedTokens()
    for one in (tokens, others):
        one.remember("a.b.c", verified("ann"))
    (kept,), (other,) = tokens._by_digest, others._by_digest
    assert b"a.b.c" not in kept
    assert kept != other
