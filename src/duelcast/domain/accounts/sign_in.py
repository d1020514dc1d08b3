"""Signing in with a Solana wallet, refreshing and logging out (protocol §13)."""

from __future__ import annotations

import math
import secrets

from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.clock import Clock
from duelcast.domain.accounts.challenges import Challenge, Challenges
from duelcast.domain.accounts.claims import LEEWAY_S
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.accounts.sessions import EndedSession, EndedSessions
from duelcast.domain.accounts.tokens import TokenIssuer, TokenVerifier
from duelcast.domain.accounts.wallet_keys import is_signed, read_key
from duelcast.errors import InvalidRequest, Unauthorized, Unavailable
from duelcast.store import accounts as store
from duelcast.store.accounts import SessionRow, UserRow
from duelcast.store.database import Database, Transaction

TOKEN_LIFETIME_S = 3600.0
REFRESHABLE_S = 7 * 86_400.0
"""How long after a sign-in its tokens can be refreshed. The token from the last refresh stays valid beyond that
time."""
MAX_USED = 1_000_000
"""At most this many used challenges are remembered, each until it expires. A server cannot handle that many sign-ins
within the lifetime of a challenge. Each remembered challenge takes about 60 bytes."""


class SignedIn(Struct, frozen=True):
    """A new token, and the identity of its bearer."""

    token: str
    identity: Identity


class SignIns:
    """Each challenge can be used for one sign-in. A session comprises the token from a sign-in and all tokens refreshed
    from it.

    Methods that use the store raise `errors.Unavailable` if it is unreachable, and then change nothing.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        challenges: Challenges,
        issuer: TokenIssuer,
        verifier: TokenVerifier,
        ended: EndedSessions,
        max_used: int = MAX_USED,
    ) -> None:
        self._database = database
        self._clock = clock
        self._challenges = challenges
        self._issuer = issuer
        self._verifier = verifier
        self._ended = ended
        self._max_used = max_used

    def challenge(self, wallet: str, domain: str) -> Challenge:
        """A challenge that names `domain`, for the owner of `wallet` to sign. Nothing is stored. Raises
        `InvalidRequest` if `wallet` is not a Solana address."""
        if read_key(wallet) is None:
            raise InvalidRequest("This is not the address of a Solana wallet (a public key in base58).", field="wallet")
        return self._challenges.make(wallet, domain, self._clock.time())

    async def verify(self, challenge_id: str, wallet: str, signature: str) -> SignedIn:
        """Sign in; each challenge works only once. Raises `Unauthorized` if the signature or the challenge is not
        valid, and `PermissionDenied` if the wallet is banned."""
        challenge = self._challenges.read(challenge_id, wallet)
        if challenge is None or not is_signed(challenge.message, wallet, signature):
            raise _not_signed()

        async def work(transaction: Transaction) -> SessionRow:
            now_s = self._clock.time()
            await store.delete_expired(transaction, _ms(now_s))
            if challenge.expires_ms <= _ms(now_s) or await store.is_used(transaction, challenge.nonce):
                raise _not_signed()
            if await store.count_used(transaction) >= self._max_used:
                raise Unavailable("Too many people are signing in: try again in a minute.", retry_after_ms=60_000)
            await store.add_used(transaction, challenge.nonce, challenge.expires_ms)
            ends_at = now_s + REFRESHABLE_S + TOKEN_LIFETIME_S + LEEWAY_S
            session = SessionRow(secrets.token_urlsafe(32), wallet, _ms(now_s), _ms(ends_at))
            await store.add_session(transaction, session)
            if await store.find_user(transaction, wallet) is None:
                await store.save_user(transaction, UserRow(wallet), is_new=True, now_ms=_ms(now_s))
            return session

        return await self._token(await self._database.write(work))

    async def refresh(self, identity: Identity) -> SignedIn:
        """A new token for the session of `identity`. Raises `Unauthorized` if that session is too old, or did not begin
        with a sign-in here."""
        async with self._database.read() as transaction:
            session = await store.find_session(transaction, identity.session_id)
        if session is None or session.wallet != identity.wallet:
            raise Unauthorized("This token does not come from a sign-in here: get a new one from its issuer.")
        if _ms(self._clock.time() - REFRESHABLE_S) > session.signed_in_ms:
            raise Unauthorized("The sign-in was more than seven days ago: sign in again.")
        return await self._token(session)

    async def logout(self, identity: Identity) -> None:
        """End the token of `identity` and all other tokens of its session, including on open connections."""
        now_s = self._clock.time()
        # If the session did not begin here, the expiry of its other tokens is unknown; assume `REFRESHABLE_S` from now.
        ends_at = max(identity.expires_at, now_s + REFRESHABLE_S) + LEEWAY_S
        foreign = SessionRow(identity.session_id, identity.wallet, _ms(now_s), _ms(ends_at), _ms(now_s))

        async def work(transaction: Transaction) -> SessionRow:
            await store.delete_expired(transaction, _ms(now_s))
            session = await store.find_session(transaction, identity.session_id)
            if session is None:
                await store.add_session(transaction, foreign)
            elif session.logged_out_ms is None:
                await store.mark_logged_out(transaction, session.id, _ms(now_s))
            return session or foreign

        await self._database.write(work, lambda session: self._ended.end(ended_session(session)))

    async def _token(self, session: SessionRow) -> SignedIn:
        token = self._issuer.issue(
            session.wallet,
            Role.USER,
            ttl_s=TOKEN_LIFETIME_S,
            session_id=session.id,
            signed_in_s=session.signed_in_ms / 1000,
        )
        return SignedIn(token, await self._verifier.verify(token))


async def load_ended_sessions(database: Database, clock: Clock, ended: EndedSessions) -> None:
    """Refuse the tokens of sessions that were ended before the server was started."""
    async with database.read() as transaction:
        for session in await store.logged_out_sessions(transaction, _ms(clock.time())):
            ended.end(ended_session(session))


def ended_session(session: SessionRow) -> EndedSession:
    return EndedSession(session.id, session.wallet, session.ends_ms / 1000)


def _not_signed() -> Unauthorized:
    return Unauthorized("The signature is wrong, or the challenge was used or has expired: request a new challenge.")


def _ms(epoch_s: float) -> int:
    return math.floor(epoch_s * 1000)
