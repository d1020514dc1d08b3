"""The identity behind a connection, without I/O."""

from __future__ import annotations

from typing import Protocol

from duelcast.channels.names import Role
from duelcast.domain.accounts.identity import Identity
from duelcast.endpoints.context import role_of
from duelcast.errors import Unauthorized
from duelcast.ratelimit import TokenBucket


class SessionOwner(Protocol):
    """The owner of a session. One reference to the owner takes less memory than a bound method for each of these
    methods."""

    async def identify(self, token: str) -> Identity:
        """Return the identity of `token`."""

    def identity_changing(self, identity: Identity | None) -> None:
        """Called before a change takes effect; raises to refuse it."""

    def identity_changed(self, before: Identity | None) -> None:
        """Called after a change, with the previous identity."""


class ConnectionSession:
    """The identity of a connection, and the connection's own buckets. `address_bucket` is the key of the limits per
    address; None if no such limits apply."""

    __slots__ = (
        "_own_buckets",
        "_owner",
        "address_bucket",
        "connection_id",
        "identity",
    )

    def __init__(self, connection_id: str, address_bucket: str | None, owner: SessionOwner) -> None:
        self.connection_id = connection_id
        self.address_bucket = address_bucket
        self.identity: Identity | None = None
        self._owner = owner
        self._own_buckets: dict[object, TokenBucket] | None = None

    @property
    def role(self) -> Role:
        return role_of(self.identity)

    def own_bucket(self, meter: object, capacity: float, now: float) -> TokenBucket:
        """This connection's own bucket for `meter`. A new one is created if none of this `capacity` exists."""
        if self._own_buckets is None:
            self._own_buckets = {}
        bucket = self._own_buckets.get(meter)
        if bucket is None or bucket.capacity != capacity:
            bucket = self._own_buckets[meter] = TokenBucket(capacity, now=now)
        return bucket

    async def sign_in(self, token: str) -> Identity:
        identity = await self._owner.identify(token)
        if identity.scopes:
            raise Unauthorized("This token is for machines: send `auth` with the token of a user.", field="token")
        if self.identity is not None and identity.wallet != self.identity.wallet:
            raise Unauthorized("This token belongs to another wallet: open another connection for it.", field="token")
        self.change(identity)
        return identity

    def change(self, identity: Identity | None) -> None:
        """Take another identity, or the same one with other rights."""
        self._owner.identity_changing(identity)
        before, self.identity = self.identity, identity
        self._owner.identity_changed(before)
