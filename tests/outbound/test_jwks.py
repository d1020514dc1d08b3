from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from duelcast.clock import ManualClock
from duelcast.domain.accounts.accounts import MemoryAccounts
from duelcast.domain.accounts.tokens import TokenVerifier
from duelcast.errors import Unauthorized, Unavailable
from duelcast.outbound.jwks import JwksKeys
from tests.outbound.issuers import KeyServer, PrivateKey, ed25519_key, jwk, key_server, rsa_key

ED = ed25519_key()
RSA = rsa_key()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@asynccontextmanager
async def verifying(clock: ManualClock, issuer: KeyServer, **options: Any) -> AsyncIterator[TokenVerifier]:
    keys = JwksKeys(issuer.url, clock)
    try:
        yield TokenVerifier(MemoryAccounts(), clock, keys=keys, **options)
    finally:
        await keys.aclose()


def signed(clock: ManualClock, key: PrivateKey, algorithm: str, key_id: str | None = None) -> str:
    headers = None if key_id is None else {"kid": key_id}
    return jwt.encode({"sub": "wallet", "exp": clock.time() + 3600}, key, algorithm, headers=headers)


@pytest.mark.parametrize(("key", "algorithm"), [(ED, "EdDSA"), (RSA, "RS256")])
async def test_a_token_signed_with_a_listed_key_is_accepted(
    clock: ManualClock, key: PrivateKey, algorithm: str
) -> None:
    async with key_server(jwk(ED, "ed"), jwk(RSA, "rsa")) as issuer, verifying(clock, issuer) as verifier:
        token = signed(clock, key, algorithm, "ed" if key is ED else "rsa")
        assert (await verifier.verify(token)).wallet == "wallet"
        assert (await verifier.verify(token)).wallet == "wallet"
        assert issuer.answered == 1


async def test_without_a_key_id_the_only_key_counts(clock: ManualClock) -> None:
    async with key_server(jwk(ED, "ed")) as issuer, verifying(clock, issuer) as verifier:
        assert (await verifier.verify(signed(clock, ED, "EdDSA"))).wallet == "wallet"


async def test_a_token_signed_with_another_key_of_that_id_is_refused(clock: ManualClock) -> None:
    async with key_server(jwk(ED, "ed")) as issuer, verifying(clock, issuer) as verifier:
        with pytest.raises(Unauthorized):
            await verifier.verify(signed(clock, ed25519_key(), "EdDSA", "ed"))


async def test_the_algorithm_is_that_of_the_key(clock: ManualClock) -> None:
    algorithms = ["RS256", "RS512"]
    async with (
        key_server(jwk(RSA, "rsa", alg="RS256")) as issuer,
        verifying(clock, issuer, algorithms=algorithms) as verifier,
    ):
        with pytest.raises(Unauthorized):
            await verifier.verify(signed(clock, RSA, "RS512", "rsa"))
        assert (await verifier.verify(signed(clock, RSA, "RS256", "rsa"))).wallet == "wallet"


async def test_a_public_key_is_never_taken_for_a_secret(clock: ManualClock) -> None:
    public = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    # By hand, since PyJWT does not sign with a public key.
    signed_part = signed(clock, "x" * 32, "HS256", "rsa").rpartition(".")[0]
    signature = hmac.digest(public, signed_part.encode(), "sha256")
    token = f"{signed_part}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    async with key_server(jwk(RSA, "rsa")) as issuer, verifying(clock, issuer) as verifier:
        with pytest.raises(Unauthorized):
            await verifier.verify(token)
        assert issuer.answered == 0


async def test_keys_for_encryption_and_symmetric_ones_are_not_used(clock: ManualClock) -> None:
    keys = [jwk(ED, "ed", use="enc"), {"kty": "oct", "kid": "ed", "k": "c2VjcmV0"}, {"kty": "what", "kid": "ed"}]
    async with key_server(*keys) as issuer, verifying(clock, issuer) as verifier:
        with pytest.raises(Unauthorized):
            await verifier.verify(signed(clock, ED, "EdDSA", "ed"))


async def test_a_weak_key_is_refused(clock: ManualClock) -> None:
    weak = rsa_key(1024)
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = signed(clock, weak, "RS256", "weak")
    async with key_server(jwk(weak, "weak")) as issuer, verifying(clock, issuer) as verifier:
        with pytest.raises(Unauthorized):
            await verifier.verify(token)


async def test_an_unknown_key_is_asked_for_at_most_every_30_s(clock: ManualClock) -> None:
    new = ed25519_key()
    async with key_server(jwk(ED, "ed")) as issuer, verifying(clock, issuer) as verifier:
        await verifier.verify(signed(clock, ED, "EdDSA", "ed"))
        issuer.keys.append(jwk(new, "new"))
        token = signed(clock, new, "EdDSA", "new")
        await clock.advance(29)
        with pytest.raises(Unauthorized):
            await verifier.verify(token)
        assert issuer.answered == 1
        await clock.advance(1)
        assert (await verifier.verify(token)).wallet == "wallet"
        assert issuer.answered == 2


async def test_a_withdrawn_key_ends_within_ten_minutes(clock: ManualClock) -> None:
    async with key_server(jwk(ED, "ed")) as issuer, verifying(clock, issuer) as verifier:
        token = signed(clock, ED, "EdDSA", "ed")
        await verifier.verify(token)
        issuer.keys.clear()
        await clock.advance(600)
        with pytest.raises(Unauthorized):
            await verifier.verify(token)


async def test_known_keys_serve_on_while_the_issuer_is_down(clock: ManualClock) -> None:
    async with key_server(jwk(ED, "ed")) as issuer, verifying(clock, issuer) as verifier:
        token = signed(clock, ED, "EdDSA", "ed")
        await verifier.verify(token)
        issuer.status = 503
        await clock.advance(600)
        assert (await verifier.verify(token)).wallet == "wallet"
        assert issuer.answered == 2


@pytest.mark.parametrize(
    ("status", "body"), [(500, b"{}"), (200, b"no json"), (200, b"[" * 100_000), (200, b'{"keys":[]}' + b" " * 300_000)]
)
async def test_while_no_key_can_be_read_the_answer_is_to_try_again(
    clock: ManualClock, status: int, body: bytes
) -> None:
    async with key_server(jwk(ED, "ed")) as issuer, verifying(clock, issuer) as verifier:
        issuer.status, issuer.body = status, body
        token = signed(clock, ED, "EdDSA", "ed")
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                await verifier.verify(token)
            assert caught.value.retry_after_ms == 5000
        assert issuer.answered == 1
        issuer.status, issuer.body = 200, None
        await clock.advance(5)
        assert (await verifier.verify(token)).wallet == "wallet"


async def test_an_issuer_that_cannot_be_reached_is_no_defect(clock: ManualClock) -> None:
    async with key_server() as issuer:
        pass
    async with verifying(clock, issuer) as verifier:
        with pytest.raises(Unavailable):
            await verifier.verify(signed(clock, ED, "EdDSA", "ed"))


async def test_many_tokens_wait_for_one_request_and_the_loop_goes_on(clock: ManualClock) -> None:
    async with key_server(jwk(ED, "ed")) as issuer, verifying(clock, issuer) as verifier:
        issuer.gate.clear()
        token = signed(clock, ED, "EdDSA", "ed")
        waiting = [asyncio.create_task(verifier.verify(token)) for _ in range(20)]
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in waiting)
        issuer.gate.set()
        assert {identity.wallet for identity in await asyncio.gather(*waiting)} == {"wallet"}
        assert issuer.answered == 1
