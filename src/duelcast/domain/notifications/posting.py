"""Notifications from outside: invites, announcements, and others that the platform sends its users."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, structs

from duelcast.channels.publisher import Published
from duelcast.clock import Clock
from duelcast.domain.accounts.identity import is_wallet
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.idempotency import Once
from duelcast.domain.notifications.inboxes import Inboxes, NewNotification
from duelcast.errors import InvalidRequest
from duelcast.store.database import Database, Transaction
from duelcast.store.notifications import EVERYBODY

_WALLETS_PER_TURN = 500
"""How many wallets are processed at once, which takes a few milliseconds of the event loop."""


class PostedNotifications(Struct, frozen=True):
    """The outcome of a post."""

    created: int = 0
    """Notifications that were stored."""
    duplicate: int = 0
    """Notifications that were not stored because they already existed or their wallet was named twice."""
    invalid: int = 0
    """Invalid wallets."""


class Posting:
    """Stores notifications from outside. A post is stored as a whole or not at all."""

    def __init__(self, inboxes: Inboxes, database: Database, audit: AuditTrail, clock: Clock) -> None:
        self._inboxes = inboxes
        self._database = database
        self._audit = audit
        self._clock = clock

    async def announce(self, by: Actor, new: NewNotification, once: Once | None = None) -> PostedNotifications:
        """Notify everybody; the wallet in `new` is ignored. The result is also the answer of `once`. Raises
        `Unavailable`, and `InvalidRequest` if `new` has already expired."""
        return await self._post(by, new, [EVERYBODY], "broadcast", PostedNotifications(), once)

    async def post(
        self, by: Actor, wallets: Sequence[str], new: NewNotification, once: Once | None = None
    ) -> PostedNotifications:
        """Notify each of `wallets`; the wallet in `new` is ignored. The result is also the answer of `once`. Raises
        the same errors as `announce`."""
        valid = [wallet for wallet in wallets if is_wallet(wallet)]
        unique = list(dict.fromkeys(valid))
        rest = PostedNotifications(duplicate=len(valid) - len(unique), invalid=len(wallets) - len(valid))
        return await self._post(by, new, unique, "wallets", rest, once)

    async def _post(
        self,
        by: Actor,
        new: NewNotification,
        wallets: Sequence[str],
        target: str,
        rest: PostedNotifications,
        once: Once | None,
    ) -> PostedNotifications:
        """`rest` counts the wallets that were already left out, as repeated or invalid."""
        if new.expires_ms is not None and new.expires_ms <= self._clock.time() * 1000:
            raise InvalidRequest("`expires_at` must be in the future.", field="expires_at")

        async def work(transaction: Transaction) -> Published[PostedNotifications]:
            added = []
            for start in range(0, len(wallets), _WALLETS_PER_TURN):
                portion = wallets[start : start + _WALLETS_PER_TURN]
                addressed = [structs.replace(new, wallet=wallet) for wallet in portion]
                added.append(await self._inboxes.add(transaction, addressed))
            posted = structs.replace(
                rest,
                created=sum(portion.stored for portion in added),
                duplicate=rest.duplicate + sum(portion.duplicates for portion in added),
            )
            details = {"type": new.type, **structs.asdict(posted)}
            await self._audit.record(transaction, by, "notifications.post", target, details)
            if once is not None:
                await once.store(transaction, posted)
            return Published(posted, [each for portion in added for each in portion.outgoing])

        def committed(posted: PostedNotifications) -> None:
            self._inboxes.stored += posted.created

        return await self._database.publish(work, committed)
