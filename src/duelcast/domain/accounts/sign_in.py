"""Signing in with a Solana wallet, and what follows from it: refreshing and logging out (protocol 13)."""

from __future__ import annotations

import math
import secrets

from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.clock import Clock
from duelcast.domain.accounts.claims import LEEWAY_S
from duelcast.domain.accounts.ed25519 import is_signed, read_key
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.accounts.sessions import EndedSession, EndedSessions
from duelcast.domain.accounts.tokens import TokenIssuer, TokenVerifier
from duelcast.errors import InvalidRequest, Unauthorized, Unavailable
from duelcast.store import accounts as store
from duelcast.store.accounts import ChallengeRow, SessionRow, UserRow
from duelcast.store.database import Database, Transaction
from duelcast.wire.timestamps import format_time

CHALLENGE_LIFETIME_S = 300.0
TOKEN_LIFETIME_S = 3600.0
REFRESHABLE_S = 7 * 86_400.0
"""After the sign-in. The last token that a refresh gives lives on beyond that."""
MAX_CHALLENGES = 100_000
"""Challenges that may be open at a time."""


class Challenge(Struct, frozen=True):
    """What a wallet is asked to sign. `expires_at` is in epoch seconds."""

    id: str
    message: str
    expires_at: float


class SignedIn(Struct, frozen=True):
    """A new token, and who it makes its bearer."""

    token: str
    identity: Identity


class SignIns:
    """A challenge is good for one try, a session for all tokens that are refreshed from it.

    Everything here raises `errors.Unavailable` where the store is out of reach, and has changed nothing then.
    """

    def __init__(
        self, database: Database, clock: Clock, issuer: TokenIssuer, verifier: TokenVerifier, ended: EndedSessions
    ) -> None:
        self._database = database
        self._clock = clock
        self._issuer = issuer
        self._verifier = verifier
        self._ended = ended

    async def challenge(self, wallet: str, domain: str) -> Challenge:
        """Ask the owner of `wallet` to sign a message that names `domain`. Raises `InvalidRequest` for what is no
        Solana address."""
        if read_key(wallet) is None:
            raise InvalidRequest("This is no address of a Solana wallet (a public key in base58).", field="wallet")
        now_s = self._clock.time()
        expires_at = now_s + CHALLENGE_LIFETIME_S
        challenge = Challenge(secrets.token_urlsafe(32), _message(domain, wallet, now_s, expires_at), expires_at)

        async def work(transaction: Transaction) -> None:
            await store.delete_expired(transaction, _ms(now_s))
            if await store.count_challenges(transaction) >= MAX_CHALLENGES:
                raise Unavailable("Too many sign-ins are under way: try again in a minute.", retry_after_ms=60_000)
            await store.add_challenge(
                transaction, ChallengeRow(challenge.id, wallet, challenge.message, _ms(expires_at))
            )

        await self._database.write(work)
        return challenge

    async def verify(self, challenge_id: str, wallet: str, signature: str) -> SignedIn:
        """Sign in. Raises `Unauthorized`, which leaves the challenge used up, and `PermissionDenied` for a banned
        wallet."""

        async def work(transaction: Transaction) -> SessionRow | None:
            challenge = await store.take_challenge(transaction, challenge_id)
            now_s = self._clock.time()
            if challenge is None or challenge.wallet != wallet or challenge.expires_ms <= _ms(now_s):
                return None
            if not is_signed(challenge.message, wallet, signature):
                return None
            ends_at = now_s + REFRESHABLE_S + TOKEN_LIFETIME_S + LEEWAY_S
            session = SessionRow(secrets.token_urlsafe(32), wallet, _ms(now_s), _ms(ends_at))
            await store.add_session(transaction, session)
            if await store.find_user(transaction, wallet) is None:
                await store.save_user(transaction, UserRow(wallet), is_new=True, now_ms=_ms(now_s))
            return session

        # Given back instead of raised, which would undo that the challenge was taken.
        session = await self._database.write(work)
        if session is None:
            raise Unauthorized("This does not sign the challenge, or it was used, or is too old: ask for a new one.")
        return await self._token(session)

    async def refresh(self, identity: Identity) -> SignedIn:
        """A new token of the same session. Raises `Unauthorized` where it lasted long enough, or is none of ours."""
        async with self._database.read() as transaction:
            session = await store.find_session(transaction, identity.session_id)
        if session is None or session.wallet != identity.wallet:
            raise Unauthorized("This token does not come from a sign-in here: get the next one where it came from.")
        if _ms(self._clock.time() - REFRESHABLE_S) > session.signed_in_ms:
            raise Unauthorized("The sign-in was more than seven days ago: sign in again.")
        return await self._token(session)

    async def logout(self, identity: Identity) -> None:
        """End the token of `identity` and all of its session, here and on open connections."""
        now_s = self._clock.time()
        # Of a session that was not begun here it is not known how long its other tokens live.
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


def _message(domain: str, wallet: str, now_s: float, expires_at: float) -> str:
    """In the form of Sign-In With Solana, which wallets know and show."""
    return (
        f"{domain} wants you to sign in with your Solana account:\n"
        f"{wallet}\n"
        "\n"
        "Signing in costs nothing and moves nothing.\n"
        "\n"
        "Version: 1\n"
        f"Nonce: {secrets.token_hex(16)}\n"
        f"Issued At: {format_time(now_s)}\n"
        f"Expiration Time: {format_time(expires_at)}"
    )


def _ms(epoch_s: float) -> int:
    return math.floor(epoch_s * 1000)
