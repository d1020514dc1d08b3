"""Signing in with a wallet, staying signed in, signing out (protocol §13, `/auth`)."""

from __future__ import annotations

import asyncio
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest

from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.domain.accounts.accounts import Account, MemoryAccounts
from duelcast.domain.accounts.challenges import MAX_ID_CHARACTERS, Challenge, Challenges
from duelcast.domain.accounts.sessions import EndedSession, EndedSessions
from duelcast.domain.accounts.sign_in import SignedIn, SignIns, load_ended_sessions
from duelcast.domain.accounts.tokens import TokenIssuer, TokenVerifier
from duelcast.errors import InvalidRequest, PermissionDenied, Unauthorized, Unavailable
from duelcast.store import accounts as store
from tests.domain.accounts.wallets import Wallet, base58
from tests.storing import moved_away, opened

SECRET = "a secret of the tests, long enough for HS256"
DOMAIN = "play.example.org"
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


class Desk:
    """Sign-ins on a real database. `told` are the sessions that listeners heard of."""

    def __init__(self, path: Path, clock: ManualClock) -> None:
        self.path = path
        self.clock = clock
        self.accounts = MemoryAccounts()
        self.ended = EndedSessions(clock)
        self.told: list[EndedSession] = []
        self.ended.on_end(self.told.append)
        self.issuer = TokenIssuer(clock, SECRET)
        self.verifier = TokenVerifier(self.accounts, clock, secret=SECRET, ended_sessions=self.ended)
        self.wallet = Wallet()
        self.secret = SECRET
        self.max_used = 50

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Desk]:
        async with opened(self.path, self.clock) as self.database:
            self.sign_ins = SignIns(
                self.database,
                self.clock,
                Challenges(self.secret),
                self.issuer,
                self.verifier,
                self.ended,
                self.max_used,
            )
            await load_ended_sessions(self.database, self.clock, self.ended)
            yield self

    async def challenge(self) -> Challenge:
        return self.sign_ins.challenge(self.wallet.address, DOMAIN)

    async def verify(self, challenge: Challenge, signature: str | None = None) -> SignedIn:
        signed = self.wallet.sign(challenge.message) if signature is None else signature
        return await self.sign_ins.verify(challenge.id, self.wallet.address, signed)

    async def used(self) -> int:
        async with self.database.read() as transaction:
            return await store.count_used(transaction)

    async def sign_in(self) -> SignedIn:
        return await self.verify(await self.challenge())

    async def refresh(self, token: str) -> SignedIn:
        return await self.sign_ins.refresh(await self.verifier.verify(token))

    async def logout(self, token: str) -> None:
        await self.sign_ins.logout(await self.verifier.verify(token))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk(tmp_path / "accounts.db", ManualClock()).open() as made:
        yield made


def claims(token: str) -> dict[str, Any]:
    decoded: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return decoded


# ── the challenge ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_message_names_domain_wallet_nonce_and_times(desk: Desk) -> None:
    challenge = await desk.challenge()
    first, wallet, *rest = challenge.message.splitlines()
    fields = dict(line.split(": ", 1) for line in rest if ": " in line)
    assert first == "play.example.org wants you to sign in with your Solana account:"
    assert wallet == desk.wallet.address
    assert fields["Issued At"] == "2027-01-15T08:00:00.000Z"
    assert fields["Expiration Time"] == "2027-01-15T08:05:00.000Z"
    assert len(fields["Nonce"]) == 32
    assert challenge.expires_at == desk.clock.time() + 300


async def test_no_two_challenges_are_alike(desk: Desk) -> None:
    one, other = await desk.challenge(), await desk.challenge()
    assert one.id != other.id
    assert one.message != other.message


@pytest.mark.parametrize("wallet", ["alice", "1" * 32, base58(b"\x05" * 31), base58(b"\x05" * 33)])
async def test_only_for_an_address_that_somebody_can_sign_for(desk: Desk, wallet: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        desk.sign_ins.challenge(wallet, DOMAIN)
    assert refused.value.field == "wallet"


# ── signing in ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_signs_the_message_gets_a_token_for_an_hour(desk: Desk) -> None:
    signed_in = await desk.sign_in()
    identity = await desk.verifier.verify(signed_in.token)
    assert signed_in.identity == identity
    assert (identity.wallet, identity.role, identity.nickname) == (desk.wallet.address, Role.USER, None)
    assert identity.expires_at == desk.clock.time() + HOUR_S
    assert jwt.get_unverified_header(signed_in.token)["alg"] == "HS256"
    assert claims(signed_in.token)["auth_time"] == int(desk.clock.time())
    assert claims(signed_in.token)["sid"] == identity.session_id


async def test_the_stored_role_and_nickname_count(desk: Desk) -> None:
    desk.accounts.put(Account(desk.wallet.address, Role.ADMIN, "Ann"))
    identity = (await desk.sign_in()).identity
    assert (identity.role, identity.nickname) == (Role.ADMIN, "Ann")


async def test_whoever_signs_in_is_known_from_then_on_without_a_role(desk: Desk) -> None:
    await desk.sign_in()
    await desk.sign_in()
    async with desk.database.read() as transaction:
        assert await store.find_user(transaction, desk.wallet.address) == store.UserRow(desk.wallet.address)


async def test_a_challenge_is_good_for_one_sign_in(desk: Desk) -> None:
    challenge = await desk.challenge()
    await desk.verify(challenge)
    with pytest.raises(Unauthorized):
        await desk.verify(challenge)


async def test_of_many_who_use_a_challenge_at_once_one_gets_in(desk: Desk) -> None:
    challenge = await desk.challenge()
    outcomes = await asyncio.gather(*(desk.verify(challenge) for _ in range(20)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["SignedIn"] + ["Unauthorized"] * 19


@pytest.mark.parametrize("signature", ["", "nonsense!", base58(b"\x01" * 64)])
async def test_a_try_that_failed_stores_nothing_and_takes_nothing_away(desk: Desk, signature: str) -> None:
    challenge = await desk.challenge()
    with pytest.raises(Unauthorized):
        await desk.verify(challenge, signature)
    assert await desk.used() == 0
    await desk.verify(challenge)


async def test_a_challenge_is_for_the_wallet_that_asked(desk: Desk) -> None:
    challenge, other = await desk.challenge(), Wallet()
    with pytest.raises(Unauthorized):
        await desk.sign_ins.verify(challenge.id, other.address, other.sign(challenge.message))


async def test_the_signature_of_another_wallet_or_message_is_none(desk: Desk) -> None:
    challenge = await desk.challenge()
    with pytest.raises(Unauthorized):
        await desk.verify(challenge, Wallet().sign(challenge.message))
    challenge = await desk.challenge()
    phished = challenge.message.replace(DOMAIN, "evil.example")
    with pytest.raises(Unauthorized):
        await desk.verify(challenge, desk.wallet.sign(phished))


@pytest.mark.parametrize("challenge_id", ["x" * 43, "", "!", "é", "A" * 512, "A" * 513])
async def test_a_challenge_nobody_made_is_refused(desk: Desk, challenge_id: str) -> None:
    with pytest.raises(Unauthorized):
        await desk.verify(Challenge(challenge_id, "text", "", 2_000_000_000_000))


async def test_no_part_of_a_challenge_can_be_changed(desk: Desk) -> None:
    challenge = await desk.challenge()
    sent = urlsafe_b64decode(challenge.id)
    for place in range(len(sent)):
        changed = sent[:place] + bytes([sent[place] ^ 1]) + sent[place + 1 :]
        assert Challenges(SECRET).read(urlsafe_b64encode(changed).decode(), desk.wallet.address) is None
    for cut in (sent[:-1], sent[:40], sent + b"x"):
        assert Challenges(SECRET).read(urlsafe_b64encode(cut).decode(), desk.wallet.address) is None
    assert Challenges(SECRET).read(challenge.id, desk.wallet.address) == challenge


async def test_a_challenge_of_another_server_is_refused(desk: Desk) -> None:
    challenge = Challenges(f"{SECRET}!").make(desk.wallet.address, DOMAIN, desk.clock.time())
    with pytest.raises(Unauthorized):
        await desk.verify(challenge)


def test_the_key_of_challenges_is_not_the_secret_of_tokens() -> None:
    wallet = Wallet().address
    sent = urlsafe_b64decode(Challenges(SECRET).make(wallet, DOMAIN, 1e9).id)
    assert sent[:32] != hmac.digest(SECRET.encode(), wallet.encode() + b"\0" + sent[32:], "sha256")


@pytest.mark.parametrize("domain", ["localhost:8069", "münchen.example", "x" * 255])
def test_a_challenge_carries_its_domain(domain: str) -> None:
    wallet = Wallet().address
    challenge = Challenges(SECRET).make(wallet, domain, 1e9)
    assert challenge.message.startswith(f"{domain} wants you to sign in")
    assert len(challenge.id) <= MAX_ID_CHARACTERS
    assert Challenges(SECRET).read(challenge.id, wallet) == challenge


@pytest.mark.parametrize(("waited_s", "signed"), [(299.9, True), (300, False)])
async def test_a_challenge_holds_five_minutes(desk: Desk, waited_s: float, signed: bool) -> None:
    challenge = await desk.challenge()
    await desk.clock.advance(waited_s)
    if signed:
        await desk.verify(challenge)
    else:
        with pytest.raises(Unauthorized):
            await desk.verify(challenge)


async def test_challenges_that_nobody_answers_leave_nothing_behind(desk: Desk) -> None:
    for _ in range(100):
        await desk.challenge()
    assert await desk.used() == 0


async def test_used_challenges_are_kept_until_they_would_be_over(desk: Desk) -> None:
    first = await desk.challenge()
    await desk.verify(first)
    await desk.clock.advance(299)
    with pytest.raises(Unauthorized):
        await desk.verify(first)
    await desk.sign_in()
    assert await desk.used() == 2
    await desk.clock.advance(2)
    await desk.sign_in()
    assert await desk.used() == 2


async def test_used_challenges_have_a_bound_that_time_lifts(desk: Desk) -> None:
    for _ in range(desk.max_used):
        await desk.database.write(lambda transaction: store.add_used(transaction, uuid4().hex, 1_800_000_000_000 + 10))
    challenge = await desk.challenge()
    with pytest.raises(Unavailable):
        await desk.verify(challenge)
    await desk.clock.advance(1)
    await desk.verify(challenge)


async def test_a_used_challenge_is_used_after_a_restart_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "accounts.db", ManualClock())
    async with desk.open():
        challenge = await desk.challenge()
        await desk.verify(challenge)
    async with desk.open():
        with pytest.raises(Unauthorized):
            await desk.verify(challenge)


async def test_a_challenge_outlives_a_restart(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "accounts.db", ManualClock())
    async with desk.open():
        challenge = await desk.challenge()
    async with desk.open():
        await desk.verify(challenge)


async def test_a_banned_wallet_does_not_get_in(desk: Desk) -> None:
    challenge = await desk.challenge()
    desk.accounts.put(Account(desk.wallet.address, banned=True))
    with pytest.raises(PermissionDenied):
        await desk.verify(challenge)


# ── refreshing ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_refreshed_token_is_of_the_same_session_and_lasts_an_hour_from_now(desk: Desk) -> None:
    first = await desk.sign_in()
    began_at = desk.clock.time()
    await desk.clock.advance(1800)
    second = await desk.refresh(first.token)
    assert second.identity.session_id == first.identity.session_id
    assert second.identity.expires_at == began_at + 1800 + HOUR_S
    assert claims(second.token)["auth_time"] == int(began_at)
    assert (await desk.verifier.verify(first.token)).wallet == desk.wallet.address


async def test_a_session_is_refreshed_for_seven_days(desk: Desk) -> None:
    token = (await desk.sign_in()).token
    for _ in range(7 * 24 * 2):
        await desk.clock.jump(HOUR_S / 2)
        await desk.challenge()
        token = (await desk.refresh(token)).token
    await desk.clock.advance(1)
    with pytest.raises(Unauthorized):
        await desk.refresh(token)
    await desk.clock.advance(HOUR_S - 10)
    assert (await desk.verifier.verify(token)).wallet == desk.wallet.address


async def test_an_expired_token_is_not_refreshed(desk: Desk) -> None:
    token = (await desk.sign_in()).token
    await desk.clock.advance(HOUR_S + 31)
    with pytest.raises(Unauthorized):
        await desk.refresh(token)


async def test_a_token_of_another_issuer_is_not_refreshed(desk: Desk) -> None:
    with pytest.raises(Unauthorized):
        await desk.refresh(desk.issuer.issue("w1"))
    with pytest.raises(Unauthorized):
        await desk.refresh(desk.issuer.issue("w1", session_id="s" * 43))


async def test_the_session_of_another_wallet_is_not_refreshed(desk: Desk) -> None:
    session_id = (await desk.sign_in()).identity.session_id
    with pytest.raises(Unauthorized):
        await desk.refresh(desk.issuer.issue("w1", session_id=session_id))


# ── signing out ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_signing_out_ends_the_token_and_all_that_were_refreshed_from_it(desk: Desk) -> None:
    first = await desk.sign_in()
    second = await desk.refresh(first.token)
    third = await desk.refresh(second.token)
    other = await desk.sign_in()
    await desk.logout(second.token)
    for ended in (first, second, third):
        with pytest.raises(Unauthorized):
            await desk.verifier.verify(ended.token)
    assert (await desk.verifier.verify(other.token)).wallet == desk.wallet.address
    assert [(each.session_id, each.wallet) for each in desk.told] == [(first.identity.session_id, desk.wallet.address)]


async def test_signing_out_outlives_a_restart_for_as_long_as_a_token_can(tmp_path: Path) -> None:
    clock = ManualClock()
    desk = Desk(tmp_path / "accounts.db", clock)
    async with desk.open():
        token = (await desk.sign_in()).token
        foreign = desk.issuer.issue("w1", ttl_s=100 * DAY_S)
        await desk.logout(token)
        await desk.logout(foreign)
    for waited_s in (0, 6 * DAY_S, 93 * DAY_S):
        await clock.advance(waited_s)
        restarted = Desk(tmp_path / "accounts.db", clock)
        async with restarted.open():
            with pytest.raises(Unauthorized):
                await restarted.verifier.verify(token)
            with pytest.raises(Unauthorized, match="ended"):
                await restarted.verifier.verify(foreign)


async def test_signing_out_holds_for_the_last_token_of_a_long_session(tmp_path: Path) -> None:
    clock = ManualClock()
    desk = Desk(tmp_path / "accounts.db", clock)
    async with desk.open():
        first = (await desk.sign_in()).token
        await desk.logout(first)
        session_id = desk.told[0].session_id
    await clock.advance(7 * DAY_S)
    last = desk.issuer.issue(desk.wallet.address, session_id=session_id)
    for waited_s in (0, HOUR_S):
        await clock.advance(waited_s)
        restarted = Desk(tmp_path / "accounts.db", clock)
        async with restarted.open():
            with pytest.raises(Unauthorized, match="ended"):
                await restarted.verifier.verify(last)


async def test_a_token_of_another_issuer_can_be_signed_out(desk: Desk) -> None:
    token, other = desk.issuer.issue("w1"), desk.issuer.issue("w1", ttl_s=100)
    await desk.logout(token)
    with pytest.raises(Unauthorized):
        await desk.verifier.verify(token)
    assert (await desk.verifier.verify(other)).wallet == "w1"


async def test_sessions_of_another_issuer_end_as_a_whole(desk: Desk) -> None:
    token = desk.issuer.issue("w1", session_id="s" * 43, ttl_s=60)
    await desk.logout(token)
    await desk.clock.advance(DAY_S)
    await desk.logout(desk.issuer.issue("w2"))
    with pytest.raises(Unauthorized, match="ended"):
        await desk.verifier.verify(desk.issuer.issue("w1", session_id="s" * 43))


async def test_signing_out_twice_at_once_is_one(desk: Desk) -> None:
    identity = (await desk.sign_in()).identity
    await asyncio.gather(desk.sign_ins.logout(identity), desk.sign_ins.logout(identity))
    assert len(desk.told) == 1


# ── without the store ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_without_the_store_nobody_gets_in_or_out_and_nothing_is_used_up(desk: Desk) -> None:
    signed_in, challenge = await desk.sign_in(), await desk.challenge()
    with moved_away(desk.path):
        for attempt in (desk.verify(challenge), desk.sign_ins.logout(signed_in.identity)):
            with pytest.raises(Unavailable):
                await attempt
    assert desk.told == []
    await desk.verify(challenge)
    assert (await desk.verifier.verify(signed_in.token)).wallet == desk.wallet.address
