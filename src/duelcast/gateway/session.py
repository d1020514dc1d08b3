"""Who is at the other end of a connection. No I/O."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from duelcast.channels.names import Role
from duelcast.domain.accounts.identity import Identity
from duelcast.endpoints.kit import Session
from duelcast.errors import Unauthorized
from duelcast.ratelimit import TokenBucket


class ConnectionSession:
    """`address_bucket` is the key of the limits per address, None where there is none.

    `verify` turns a token into an identity. `changing` is told of every change of identity before it takes effect, and
    may refuse it by raising; `changed` of it after, with who it was before.
    """

    __slots__ = (
        "_changed",
        "_changing",
        "_verify",
        "address_bucket",
        "connection_id",
        "identity",
        "own_buckets",
    )

    def __init__(
        self,
        connection_id: str,
        address_bucket: str | None,
        verify: Callable[[str], Awaitable[Identity]],
        changing: Callable[[Identity | None], None],
        changed: Callable[[Identity | None], None],
    ) -> None:
        self.connection_id = connection_id
        self.address_bucket = address_bucket
        self.identity: Identity | None = None
        self._verify = verify
        self._changing = changing
        self._changed = changed
        self.own_buckets: dict[object, TokenBucket] = {}
        """Rate limits of this connection alone, by what they measure."""

    @property
    def role(self) -> Role:
        return Role.ANONYMOUS if self.identity is None else self.identity.role

    async def sign_in(self, token: str) -> Identity:
        identity = await self._verify(token)
        if identity.scopes:
            raise Unauthorized("This token is for machines; sign in with one of a user.", field="token")
        if self.identity is not None and identity.wallet != self.identity.wallet:
            raise Unauthorized("This token is of another wallet; open another connection for it.", field="token")
        self.change(identity)
        return identity

    def change(self, identity: Identity | None) -> None:
        """Be somebody else, or the same with other rights, from now on."""
        self._changing(identity)
        before, self.identity = self.identity, identity
        self._changed(before)


if TYPE_CHECKING:
    _conforms: type[Session] = ConnectionSession
