"""Tokens (JWT, RFC 7519): verification of clients' tokens, and issuing of our own."""

from __future__ import annotations

import hmac
from collections.abc import Container, Iterable, Sequence
from hashlib import sha256
from typing import Any, Protocol

import jwt
import msgspec
from jwt.algorithms import HMACAlgorithm
from jwt.types import SigOptions
from jwt.utils import base64url_decode, base64url_encode
from msgspec import UNSET, Struct, structs

from duelcast.channels.names import Role
from duelcast.clock import Clock
from duelcast.domain.accounts.accounts import Account, Accounts
from duelcast.domain.accounts.claims import Claims, read_claims
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.accounts.verified_tokens import Verified, VerifiedTokens
from duelcast.errors import PermissionDenied, Unauthorized

MAX_TOKEN_BYTES = 8 * 1024
_DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
SECRET_ALGORITHMS = frozenset(_DIGESTS)
KEY_ALGORITHMS = frozenset({"EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"})
DEFAULT_ALGORITHMS = ("HS256", "EdDSA", "RS256")

_UNREADABLE = "This is not a valid token: sign in again."

_verify_signature = jwt.PyJWS().decode_complete
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode


class _Header(Struct):
    """The part of a JOSE header (RFC 7515, 4.1) that decides how a token is verified.

    No extension is supported, so a header with `crit` (4.1.11) or `b64` (RFC 7797) is refused.
    """

    alg: str
    kid: str | None = None
    crit: Any = UNSET
    b64: Any = UNSET


_decode_header = msgspec.json.Decoder(_Header).decode


class PublicKeys(Protocol):
    """The public keys of a token issuer."""

    async def key(self, key_id: str | None) -> jwt.PyJWK:
        """The key with `key_id`; if that is None, the issuer's only key.

        Raises `Unauthorized` if the issuer has no such key, `Unavailable` if no key could be read yet.
        """


class TokenVerifier:
    """Turns a token into an identity.

    Tokens with HMAC algorithms are verified with `secret`, tokens with public-key algorithms with `keys`, so that a
    public key is never used as a secret. `algorithms` is the allow-list. If `issuer` or `audience` is set, tokens must
    name it. Tokens of `ended_sessions` are refused. Raises `ValueError` if an algorithm is not supported (`none` is
    never supported), or if `secret` is empty or a public key.
    """

    def __init__(
        self,
        accounts: Accounts,
        clock: Clock,
        *,
        secret: str | None = None,
        keys: PublicKeys | None = None,
        algorithms: Sequence[str] = DEFAULT_ALGORITHMS,
        issuer: str | None = None,
        audience: str | None = None,
        ended_sessions: Container[str] = (),
    ) -> None:
        unknown = set(algorithms) - SECRET_ALGORITHMS - KEY_ALGORITHMS
        if unknown:
            raise ValueError(f"unknown token algorithms: {', '.join(sorted(unknown))}")
        self._accounts = accounts
        self._clock = clock
        self._ended_sessions = ended_sessions
        self._secret = None if secret is None else _hmac_key(secret)
        self._keys = keys
        self._algorithms = frozenset(algorithms)
        self._issuer = issuer
        self._audience = audience
        self._verified = VerifiedTokens()

    async def verify(self, token: str) -> Identity:
        """The bearer of `token`. Raises as `claims` and `identity` do."""
        return await self.identity(await self.claims(token))

    async def claims(self, token: str) -> Claims:
        """The claims of `token`. A token that belongs to no session of ours is a session by itself.

        Raises `Unauthorized` if the token is not valid, `Unavailable` if the issuer's keys are unreachable.
        """
        _check_form(token)
        known = self._verified.find(token, self._clock.time())
        if known is None or not await self._is_current(known):
            known = await self._verify_anew(token)
            self._verified.remember(token, known)
        return known.claims

    async def _is_current(self, known: Verified) -> bool:
        """Whether the key that verified a token is still in use. Raises as `PublicKeys.key` does."""
        return known.key is None or (self._keys is not None and await self._keys.key(known.key_id) is known.key)

    async def _verify_anew(self, token: str) -> Verified:
        header, key = _read_header(token), None
        if header.alg in SECRET_ALGORITHMS:
            claims = self._verify_with_secret(token, header)
        else:
            key = await self._key_of(header)
            claims = self._verify_with_key(token, key)
        if not claims.session_id:
            claims = structs.replace(claims, session_id=_fingerprint(token))
        return Verified(claims, header.kid, key)

    async def identity(self, claims: Claims) -> Identity:
        """The bearer of a token whose `claims` were verified, perhaps on another node. A stored role and nickname
        override the claimed ones.

        Raises `Unauthorized` if the session was ended, `PermissionDenied` for a banned wallet, `Unavailable` if the
        stored accounts are unreachable.
        """
        stored = await self._accounts.find(claims.wallet) or Account(claims.wallet)
        self._accounts.remember_claim(claims.wallet, claims.role)
        if stored.banned:
            raise PermissionDenied("This wallet is banned.")
        claimed_nickname = claims.nickname
        if claimed_nickname is not None and not await self._accounts.may_claim(claims.wallet, claimed_nickname):
            claimed_nickname = None
        session_id = claims.session_id
        assert session_id is not None, "`claims` names the session"
        # This check comes last, so that nothing is awaited between this check and the answer.
        if session_id in self._ended_sessions:
            raise Unauthorized("This session was ended: sign in again.")
        return Identity(
            wallet=claims.wallet,
            role=claims.role if stored.role is None else stored.role,
            nickname=claimed_nickname if stored.nickname is None else stored.nickname,
            expires_at=claims.expires_at,
            scopes=claims.scopes,
            session_id=session_id,
            claimed_nickname=claimed_nickname,
        )

    def _verify_with_secret(self, token: str, header: _Header) -> Claims:
        """Verify with the standard library's HMAC (RFC 7515, 5.2; RFC 7518, 3.2), because PyJWT examines the secret
        again for each token, which took a fifth of the total time to connect."""
        if self._secret is None or header.alg not in self._algorithms:
            raise Unauthorized(_UNREADABLE)
        signed, _, signature = token.encode("ascii").rpartition(b".")
        expected = hmac.digest(self._secret, signed, _DIGESTS[header.alg])
        if not hmac.compare_digest(base64url_encode(expected), signature):
            raise Unauthorized(_UNREADABLE)
        return self._claims(_decoded(signed.partition(b".")[2]))

    async def _key_of(self, header: _Header) -> jwt.PyJWK:
        if self._keys is None or header.alg not in self._algorithms & KEY_ALGORITHMS:
            raise Unauthorized(_UNREADABLE)
        key = await self._keys.key(header.kid)
        if key.algorithm_name != header.alg:
            raise Unauthorized(_UNREADABLE)
        return key

    def _verify_with_key(self, token: str, key: jwt.PyJWK) -> Claims:
        # This part of PyJWT checks only the signature. `_claims` checks the times, because PyJWT would use the system
        # clock.
        options: SigOptions = {"enforce_minimum_key_length": True}
        try:
            verified = _verify_signature(token, key, algorithms=[key.algorithm_name], options=options)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise Unauthorized(_UNREADABLE) from None
        return self._claims(verified["payload"])

    def _claims(self, payload: bytes) -> Claims:
        """The claims of a payload whose signature is valid."""
        try:
            claims = _decode_object(payload)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise Unauthorized(_UNREADABLE) from None
        return read_claims(claims, self._clock.time(), issuer=self._issuer, audience=self._audience)


def _hmac_key(secret: str) -> bytes:
    """The HMAC key for `secret`. Raises `ValueError` if `secret` is empty or is a public key, because anybody could
    sign with such a secret."""
    try:
        return HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret)
    except jwt.InvalidKeyError:
        raise ValueError("the secret for HMAC tokens is empty, or is a key of another kind") from None


class TokenIssuer:
    """Issues tokens (HS256) that a `TokenVerifier` with the same secret, issuer and audience accepts."""

    def __init__(self, clock: Clock, secret: str, *, issuer: str | None = None, audience: str | None = None) -> None:
        self._clock = clock
        self._secret = secret
        self._common = {"iss": issuer, "aud": audience}

    def issue(
        self,
        wallet: str,
        role: Role = Role.USER,
        nickname: str | None = None,
        scopes: Iterable[str] = (),
        ttl_s: float = 3600.0,
        *,
        session_id: str | None = None,
        signed_in_s: float | None = None,
    ) -> str:
        """A token for `wallet` that expires after `ttl_s` seconds. With `scopes` it is a machine's token.

        A token from a sign-in names the session (`sid`) and the time of the sign-in (`auth_time`, see OpenID Connect
        Core, section 2).
        """
        now_s = self._clock.time()
        claims = self._common | {
            "wallet_address": wallet,
            "sub": wallet,
            "role": role.name.lower(),
            "nickname": nickname,
            "scope": " ".join(scopes) or None,
            "sid": session_id,
            "auth_time": None if signed_in_s is None else int(signed_in_s),
            "iat": int(now_s),
            "exp": int(now_s + ttl_s),
        }
        return jwt.encode({name: value for name, value in claims.items() if value is not None}, self._secret)


def _fingerprint(token: str) -> str:
    """A name for a token that belongs to no session of ours. It depends only on the signed part, because a signature
    may have several encodings."""
    return base64url_encode(sha256(token.rpartition(".")[0].encode("ascii")).digest()).decode("ascii")


def _check_form(token: str) -> None:
    if len(token) > MAX_TOKEN_BYTES or not token.isascii() or token.count(".") != 2:
        raise Unauthorized(_UNREADABLE)


def _read_header(token: str) -> _Header:
    """Read the header of a token that is not verified yet."""
    try:
        header = _decode_header(_decoded(token.partition(".")[0]))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Unauthorized(_UNREADABLE) from None
    if header.crit is not UNSET or header.b64 is not UNSET:
        raise Unauthorized(_UNREADABLE)
    return header


def _decoded(segment: str | bytes) -> bytes:
    """Decode base64url without padding (RFC 7515, 2). Raises `Unauthorized`."""
    try:
        return base64url_decode(segment)
    except ValueError:
        raise Unauthorized(_UNREADABLE) from None
