from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.domain.accounts.accounts import Account, MemoryAccounts
from duelcast.domain.accounts.claims import NO_RIGHTS
from duelcast.domain.accounts.tokens import TokenIssuer, TokenVerifier
from duelcast.errors import PermissionDenied, Unauthorized

SECRET = "a secret of the tests, long enough for every HMAC algorithm: 64 bytes"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def accounts() -> MemoryAccounts:
    return MemoryAccounts()


@pytest.fixture
def verifier(accounts: MemoryAccounts, clock: ManualClock) -> TokenVerifier:
    return TokenVerifier(accounts, clock, secret=SECRET)


def signed(clock: ManualClock, *, secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """A token of `wallet` for an hour, with `claims` in place of or beside the usual ones; None leaves one out."""
    usual = {"wallet_address": "wallet", "exp": clock.time() + 3600}
    kept = {name: value for name, value in (usual | claims).items() if value is not None}
    return jwt.encode(kept, secret, algorithm)


async def test_an_issued_token_is_its_wallets(verifier: TokenVerifier, clock: ManualClock) -> None:
    token = TokenIssuer(clock, SECRET).issue("w-1", Role.ADMIN, "Ann", ttl_s=60)
    identity = await verifier.verify(token)
    assert (identity.wallet, identity.role, identity.nickname) == ("w-1", Role.ADMIN, "Ann")
    assert identity.expires_at == clock.time() + 60
    assert identity.scopes == frozenset()


async def test_what_a_token_claims_is_remembered(
    accounts: MemoryAccounts, verifier: TokenVerifier, clock: ManualClock
) -> None:
    issuer = TokenIssuer(clock, SECRET)
    for role in (Role.ADMIN, Role.SUPERADMIN, Role.USER):
        await verifier.verify(issuer.issue("w1", role))
    assert (accounts.claimed_role("w1"), accounts.claimed_role("w2")) == (Role.SUPERADMIN, Role.USER)


async def test_the_wallet_is_that_of_sub_where_no_wallet_is_named(verifier: TokenVerifier, clock: ManualClock) -> None:
    assert (await verifier.verify(signed(clock, sub="other"))).wallet == "wallet"
    assert (await verifier.verify(signed(clock, wallet_address=None, sub="other"))).wallet == "other"


@pytest.mark.parametrize("wallet", [None, "", "a b", "x" * 65, "ünï", "w\n", 7, ["w"]])
async def test_a_token_without_a_wallet_is_refused(verifier: TokenVerifier, clock: ManualClock, wallet: object) -> None:
    with pytest.raises(Unauthorized):
        await verifier.verify(signed(clock, wallet_address=wallet))


@pytest.mark.parametrize(
    ("claim", "role"),
    [
        ("admin", Role.ADMIN),
        ("superadmin", Role.SUPERADMIN),
        ("user", Role.USER),
        ("root", Role.USER),
        (None, Role.USER),
        (["admin"], Role.USER),
        (3, Role.USER),
    ],
)
async def test_a_missing_or_unknown_role_is_a_user(
    verifier: TokenVerifier, clock: ManualClock, claim: object, role: Role
) -> None:
    assert (await verifier.verify(signed(clock, role=claim))).role == role


async def test_a_token_ends_30_s_after_its_exp(verifier: TokenVerifier, clock: ManualClock) -> None:
    token = signed(clock, exp=clock.time() + 10)
    await clock.advance(39.9)
    assert (await verifier.verify(token)).wallet == "wallet"
    await clock.advance(0.1)
    with pytest.raises(Unauthorized, match="expired"):
        await verifier.verify(token)


async def test_a_token_begins_30_s_before_its_time(verifier: TokenVerifier, clock: ManualClock) -> None:
    token = signed(clock, nbf=clock.time() + 40)
    await clock.advance(9.9)
    with pytest.raises(Unauthorized, match="nbf"):
        await verifier.verify(token)
    await clock.advance(0.1)
    assert (await verifier.verify(token)).wallet == "wallet"


@pytest.mark.parametrize("exp", [None, "2000000000", True, 1_800_003_600_000, [1], float("inf"), float("nan")])
async def test_a_token_needs_a_time_at_which_it_ends(verifier: TokenVerifier, clock: ManualClock, exp: object) -> None:
    with pytest.raises(Unauthorized):
        await verifier.verify(signed(clock, exp=exp))


async def test_issuer_and_audience_are_demanded_where_they_are_configured(
    accounts: MemoryAccounts, clock: ManualClock
) -> None:
    verifier = TokenVerifier(accounts, clock, secret=SECRET, issuer="us", audience="duelcast")
    for claims in ({"iss": "us", "aud": "duelcast"}, {"iss": "us", "aud": ["x", "duelcast"]}):
        assert (await verifier.verify(signed(clock, **claims))).wallet == "wallet"
    for wrong in ({}, {"iss": "them", "aud": "duelcast"}, {"iss": "us"}, {"iss": "us", "aud": ["x"]}):
        with pytest.raises(Unauthorized):
            await verifier.verify(signed(clock, **wrong))
    issued = TokenIssuer(clock, SECRET, issuer="us", audience="duelcast").issue("wallet")
    assert (await verifier.verify(issued)).wallet == "wallet"


def unsigned(header: object, payload: object) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, payload))
    return ".".join(parts) + "."


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, ["HS256"]])
async def test_an_unsigned_token_is_never_accepted(verifier: TokenVerifier, clock: ManualClock, alg: object) -> None:
    token = unsigned({"alg": alg, "typ": "JWT"}, {"sub": "wallet", "exp": clock.time() + 60})
    with pytest.raises(Unauthorized):
        await verifier.verify(token)


async def test_an_algorithm_that_is_not_on_the_list_is_refused(
    verifier: TokenVerifier, accounts: MemoryAccounts, clock: ManualClock
) -> None:
    token = signed(clock, algorithm="HS512")
    with pytest.raises(Unauthorized):
        await verifier.verify(token)
    listed = TokenVerifier(accounts, clock, secret=SECRET, algorithms=["HS512"])
    assert (await listed.verify(token)).wallet == "wallet"
    with pytest.raises(Unauthorized):
        await listed.verify(signed(clock))


@pytest.mark.parametrize("algorithms", [["none"], ["HS256", "HS1"]])
def test_only_known_algorithms_can_be_configured(
    accounts: MemoryAccounts, clock: ManualClock, algorithms: list[str]
) -> None:
    with pytest.raises(ValueError, match="unknown token algorithms"):
        TokenVerifier(accounts, clock, secret=SECRET, algorithms=algorithms)


async def test_another_secret_is_refused(verifier: TokenVerifier, clock: ManualClock) -> None:
    with pytest.raises(Unauthorized):
        await verifier.verify(signed(clock, secret="x" * 64))


async def test_a_changed_claim_breaks_the_signature(verifier: TokenVerifier, clock: ManualClock) -> None:
    header, _, signature = signed(clock).split(".")
    payload = signed(clock, role="superadmin").split(".")[1]
    with pytest.raises(Unauthorized):
        await verifier.verify(f"{header}.{payload}.{signature}")


async def test_a_token_of_16_kb_is_refused_though_it_is_signed(verifier: TokenVerifier, clock: ManualClock) -> None:
    with pytest.raises(Unauthorized):
        await verifier.verify(signed(clock, padding="x" * 12_000))
    assert (await verifier.verify(signed(clock, padding="x" * 5_000))).wallet == "wallet"


def signed_by_hand(header: dict[str, Any], payload: bytes, signature: Callable[[bytes], bytes]) -> str:
    """A token whose parts are what they are told to be; `signature` gets the right one in base64url."""
    signed_part = b".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=") for part in (json.dumps(header).encode(), payload)
    )
    digest = hmac.digest(SECRET.encode(), signed_part, "sha256")
    return (signed_part + b"." + signature(base64.urlsafe_b64encode(digest).rstrip(b"="))).decode()


def usual_payload(clock: ManualClock) -> bytes:
    return json.dumps({"sub": "wallet", "exp": clock.time() + 60}).encode()


async def test_a_token_signed_by_hand_is_as_good(verifier: TokenVerifier, clock: ManualClock) -> None:
    token = signed_by_hand({"alg": "HS256", "typ": "JWT", "x": 1}, usual_payload(clock), lambda right: right)
    assert (await verifier.verify(token)).wallet == "wallet"


@pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"crit": []}, {"crit": None}, {"b64": False}])
async def test_a_header_with_extensions_that_must_be_understood_is_refused(
    verifier: TokenVerifier, clock: ManualClock, header: dict[str, Any]
) -> None:
    token = signed_by_hand({"alg": "HS256", **header}, usual_payload(clock), lambda right: right)
    with pytest.raises(Unauthorized):
        await verifier.verify(token)


def other_unused_bits(right: bytes) -> bytes:
    """Another last character for the same 32 bytes: base64 leaves two of its bits unused."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[alphabet.index(right[-1:]) + 1]
    return right[:-1] + bytes([other])


@pytest.mark.parametrize(
    "signature",
    [
        lambda _right: b"",
        lambda right: right[:-1],
        lambda right: right + b"=",
        lambda right: right + b"A",
        lambda right: b"!" + right,
        lambda right: right.swapcase(),
        other_unused_bits,
    ],
)
async def test_a_signature_is_right_in_one_spelling_alone(
    verifier: TokenVerifier, clock: ManualClock, signature: Callable[[bytes], bytes]
) -> None:
    token = signed_by_hand({"alg": "HS256"}, usual_payload(clock), signature)
    with pytest.raises(Unauthorized):
        await verifier.verify(token)


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b'"x"', b"{", b"\xff", b"[" * 5_000])
async def test_a_signed_payload_that_is_no_object_is_refused(verifier: TokenVerifier, payload: bytes) -> None:
    with pytest.raises(Unauthorized):
        await verifier.verify(signed_by_hand({"alg": "HS256"}, payload, lambda right: right))


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
        "-----END PUBLIC KEY-----",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBm/RAlphM3+hUG6wWfcO5bIUIaqMLa2ywxcOK1wMWbh",
        '{"kty":"oct","k":"c2VjcmV0"}',
    ],
)
def test_a_public_key_is_never_taken_for_a_secret(accounts: MemoryAccounts, clock: ManualClock, secret: str) -> None:
    with pytest.raises(ValueError, match="another kind"):
        TokenVerifier(accounts, clock, secret=secret)


async def test_a_header_nested_without_end_is_refused(verifier: TokenVerifier) -> None:
    header = base64.urlsafe_b64encode(b"[" * 5_000).decode().rstrip("=")
    with pytest.raises(Unauthorized):
        await verifier.verify(f"{header}.e30.e30")


@given(st.one_of(st.text(max_size=200), st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*", fullmatch=True)))
def test_garbage_is_unauthorized_and_no_defect(token: str) -> None:
    clock = ManualClock()
    with pytest.raises(Unauthorized) as caught:
        uvloop.run(TokenVerifier(MemoryAccounts(), clock, secret=SECRET).verify(token))
    assert len(token) < 8 or token not in caught.value.message


@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda t: st.lists(t), max_leaves=5), st.data()
)
def test_signed_claims_of_any_type_are_read_or_refused(value: object, data: st.DataObject) -> None:
    clock = ManualClock()
    names = ["wallet_address", "sub", "exp", "nbf", "iat", "role", "nickname", "scope", "aud", "iss"]
    payload = {"sub": "wallet", "exp": clock.time() + 60, data.draw(st.sampled_from(names)): value}
    token = jwt.PyJWS().encode(json.dumps(payload).encode(), SECRET, "HS256")
    try:
        identity = uvloop.run(TokenVerifier(MemoryAccounts(), clock, secret=SECRET).verify(token))
    except Unauthorized:
        return
    assert identity.wallet
    assert identity.role in (Role.USER, Role.ADMIN, Role.SUPERADMIN)


@pytest.mark.parametrize("nickname", [None, "", "x" * 33, "a\nb", "\u202eadmin", 7])
async def test_a_claimed_nickname_that_cannot_be_one_is_null(
    verifier: TokenVerifier, clock: ManualClock, nickname: object
) -> None:
    assert (await verifier.verify(signed(clock, nickname=nickname))).nickname is None


async def test_what_is_stored_wins_over_what_is_claimed(
    verifier: TokenVerifier, accounts: MemoryAccounts, clock: ManualClock
) -> None:
    accounts.put(Account("wallet", role=Role.USER, nickname="Stored"))
    identity = await verifier.verify(signed(clock, role="superadmin", nickname="Claimed"))
    assert (identity.role, identity.nickname) == (Role.USER, "Stored")


async def test_a_nickname_that_another_wallet_has_stored_is_null(
    verifier: TokenVerifier, accounts: MemoryAccounts, clock: ManualClock
) -> None:
    accounts.put(Account("other", nickname="Ann"))
    assert (await verifier.verify(signed(clock, nickname="ANN"))).nickname is None
    assert (await verifier.verify(signed(clock, nickname="Bob"))).nickname == "Bob"


async def test_a_banned_wallet_is_denied(verifier: TokenVerifier, accounts: MemoryAccounts, clock: ManualClock) -> None:
    accounts.put(Account("wallet", banned=True))
    with pytest.raises(PermissionDenied):
        await verifier.verify(signed(clock))


async def test_a_token_that_was_verified_before_is_judged_by_the_present(
    accounts: MemoryAccounts, clock: ManualClock
) -> None:
    ended: set[str] = set()
    verifier = TokenVerifier(accounts, clock, secret=SECRET, ended_sessions=ended)
    token = signed(clock, nickname="Ann")
    before = await verifier.verify(token)
    assert await verifier.verify(token) == before

    accounts.put(Account("wallet", role=Role.ADMIN, nickname="Bea"))
    changed = await verifier.verify(token)
    assert (changed.role, changed.nickname) == (Role.ADMIN, "Bea")
    accounts.put(Account("wallet", banned=True))
    with pytest.raises(PermissionDenied):
        await verifier.verify(token)
    accounts.put(Account("wallet"))
    ended.add(before.session_id)
    with pytest.raises(Unauthorized):
        await verifier.verify(token)
    ended.clear()
    await clock.advance(3600 + 30)
    with pytest.raises(Unauthorized):
        await verifier.verify(token)


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        ("prices errors", {"prices", "errors"}),
        (["operations", "notifications"], {"operations", "notifications"}),
        ("prices wonders", {"prices"}),
        ("openid", NO_RIGHTS),
        (" ", NO_RIGHTS),
        ([], NO_RIGHTS),
        ([["prices"]], NO_RIGHTS),
    ],
)
async def test_a_token_with_a_scope_is_a_machines_whatever_it_names(
    verifier: TokenVerifier, clock: ManualClock, scope: object, scopes: set[str]
) -> None:
    assert (await verifier.verify(signed(clock, scope=scope, role="admin"))).scopes == scopes


async def test_a_scope_of_null_counts_as_none(verifier: TokenVerifier, clock: ManualClock) -> None:
    assert not (await verifier.verify(signed(clock, scope=None))).scopes


@pytest.mark.parametrize("scope", ["", 0, 7, 0.5, False, True, {}, {"prices": True}])
async def test_a_scope_that_is_neither_a_list_nor_a_text_makes_no_token_a_persons(
    verifier: TokenVerifier, clock: ManualClock, scope: object
) -> None:
    with pytest.raises(Unauthorized, match="`scope` of a token"):
        await verifier.verify(signed(clock, scope=scope))


async def test_without_a_secret_hmac_tokens_are_refused(accounts: MemoryAccounts, clock: ManualClock) -> None:
    with pytest.raises(Unauthorized):
        await TokenVerifier(accounts, clock).verify(signed(clock))
