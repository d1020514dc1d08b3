"""The settings: read from memory, changed in the store, published to those who may see them (protocol §9)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.channels.publisher import Publisher
from duelcast.clock import Alarm, Clock, time_ms
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.audit import CONFLICT, DENIED, DONE, Actor, AuditTrail
from duelcast.domain.settings.changing import SettingChange, acting, changed, check_room, differences
from duelcast.domain.settings.current import CurrentSettings, Seen
from duelcast.domain.settings.declared import DeclaredSetting
from duelcast.domain.settings.errors import SettingNotFound, ValidationFailed, VersionConflict
from duelcast.domain.settings.events import KEY_GRAMMAR, KEY_PATTERN, SETTING, Setting, SettingUpdate
from duelcast.domain.settings.maintenance import MAINTENANCE_KEY
from duelcast.domain.settings.records import Grounds
from duelcast.errors import AppError, InvalidRequest, Outage, PermissionDenied
from duelcast.logs import exception_fields
from duelcast.store import settings as store
from duelcast.store.database import Database, Transaction
from duelcast.store.settings import SettingChangeRow, SettingRow

SYSTEM = Actor("system", Role.SUPERADMIN)
"""The actor for changes that the server itself makes."""
RETRY_S = 1.0

_log = structlog.get_logger("duelcast.settings")


class Committed(Struct, frozen=True):
    """A stored change: the row after it; None if there is no row any longer."""

    key: str
    after: SettingRow | None


class SystemSettings(CurrentSettings):
    """The settings, with those who may see and change them.

    For methods that take a role, a setting that this role may not see does not exist. Methods that change something
    raise `Unavailable` if the store is unreachable, and then change nothing.
    """

    def __init__(
        self,
        publisher: Publisher,
        database: Database,
        audit: AuditTrail,
        clock: Clock,
        declared: Mapping[str, DeclaredSetting],
        configured: Mapping[str, Any],
    ) -> None:
        super().__init__(declared, configured, clock)
        self._publisher = publisher
        self._database = database
        self._audit = audit
        self._maintenance_changed = Alarm(clock)
        self.on_change(MAINTENANCE_KEY, lambda _key, _value: self._maintenance_changed.ring())

    async def load(self) -> None:
        """Read the stored settings; call this once, before the first use. Raises `Unavailable`."""
        async with self._database.read() as transaction:
            self.fill(await store.all_settings(transaction))
        self._maintenance_changed.ring()

    async def check(self) -> None:
        """Check whether the store can be read. Raises `Unavailable`."""
        async with self._database.read() as transaction:
            await store.last_change_id(transaction)

    async def run(self) -> None:
        """Until cancelled, end maintenance whenever its time is over."""
        while True:
            try:
                await self._maintenance_changed.sleep(await self._end_maintenance())
            except Outage:
                await self._clock.sleep(RETRY_S)
            except Exception as error:
                _log.error("defect", **exception_fields(error))
                await self._clock.sleep(RETRY_S)

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────

    def find(self, key: str, role: Role) -> Setting | None:
        """The setting as `role` sees it, or None if `role` does not see it."""
        return self._book.record(key, for_admin=role >= Role.ADMIN) if role >= self.seen_from(key) else None

    def get(self, key: str, role: Role) -> Setting:
        """The setting as `role` sees it. Raises `SettingNotFound`."""
        found = self.find(key, role)
        if found is None:
            raise SettingNotFound("There is no such setting, or none that you may see.", field="key")
        return found

    def all(self, role: Role, category: str | None = None) -> dict[str, Setting]:
        """All settings that `role` sees, or those in a category, by key."""
        found = {key: self.find(key, role) for key in self._book.keys(category)}
        return {key: setting for key, setting in found.items() if setting is not None}

    def grounds(self, key: str) -> Grounds:
        """The source, the default and the bounds of a setting that exists. Callers must allow this only to admins."""
        return self._book.grounds(key)

    def is_there(self, key: str, role: Role) -> bool:
        """Whether there is a setting with this key that `role` sees."""
        return key in self._book and role >= self.seen_from(key)

    def is_category(self, category: str, role: Role) -> bool:
        """Whether `role` sees at least one setting of this category."""
        return any(self.is_there(key, role) for key in self._book.keys(category))

    async def history(self, key: str, *, limit: int, before_version: int | None = None) -> Sequence[SettingChangeRow]:
        """At most `limit` changes, newest first; with `before_version`, only changes older than that version. Callers
        must allow this only to admins.

        Raises `Unavailable`, and `SettingNotFound` if there is no such setting and never was one.
        """
        async with self._database.read() as transaction:
            changes = await store.changes_of(transaction, key, limit=limit, before_version=before_version)
            if not changes and key not in self._book and not await store.last_version(transaction, key):
                raise SettingNotFound("There is no such setting, and there never was.", field="key")
        return changes

    # ── changing ────────────────────────────────────────────────────────────────────────────────────────────────

    async def update(self, by: Identity | Actor, key: str, change: SettingChange) -> Setting:
        """Change or create a setting for an admin. Each success creates a new version, even if the value stays the
        same.

        Raises `InvalidRequest` for an invalid key, `PermissionDenied`, `ValidationFailed`, and `VersionConflict` with
        the `current` setting.
        """
        if not re.fullmatch(KEY_PATTERN, key):
            raise InvalidRequest(f"A key must be {KEY_GRAMMAR}.", field="key")

        async def work(transaction: Transaction) -> Committed | AppError:
            before = await store.find_setting(transaction, key)
            actor, refusal = await self._refusal(transaction, by, key, before, change.expected_version)
            version = await store.last_version(transaction, key) + 1
            if refusal is not None:
                asked_for = self._asked_for(key, before, change, version, actor)
                await self._record(transaction, actor, "settings.put", key, before, asked_for, refusal)
                return refusal
            after = self._changed(key, before, change, version, actor)
            await check_room(transaction, after, is_new=before is None)
            await self._record(transaction, actor, "settings.put", key, before, after)
            return await self._save(transaction, before, after)

        # A refusal is returned, because raising it would undo its audit record.
        outcome = await self._database.write(work, self._committed)
        if isinstance(outcome, AppError):
            raise outcome
        stored = self._book.record_of(key, outcome.after)
        assert stored is not None
        return stored

    async def delete(self, by: Identity | Actor, key: str, expected_version: int | None = None) -> None:
        """Delete the stored row of a setting for an admin. A declared setting falls back to its configured value or
        default; any other setting disappears.

        Raises `PermissionDenied`, `VersionConflict`, and `SettingNotFound` if there is no such setting.
        """

        async def work(transaction: Transaction) -> Committed | AppError | None:
            before = await store.find_setting(transaction, key)
            if before is None and self._book.declared(key) is None:
                raise SettingNotFound("There is no such setting.", field="key")
            actor, refusal = await self._refusal(transaction, by, key, before, expected_version)
            if refusal is not None:
                await self._record(transaction, actor, "settings.delete", key, before, None, refusal)
                return refusal
            if before is None:
                return None
            await self._record(transaction, actor, "settings.delete", key, before, None)
            return await self._remove(transaction, before, actor)

        outcome = await self._database.write(work, self._committed)
        if isinstance(outcome, AppError):
            raise outcome

    async def _refusal(
        self,
        transaction: Transaction,
        by: Identity | Actor,
        key: str,
        stored: SettingRow | None,
        expected_version: int | None,
    ) -> tuple[Actor, AppError | None]:
        """The actor, and the reason why they may not act, if any. The role that is stored now counts, even if it
        differs from the role at the time of the request."""
        actor = by if isinstance(by, Actor) else await acting(transaction, by)
        if actor.role < Role.ADMIN:
            return actor, PermissionDenied("This needs the role of an admin.")
        version = 0 if stored is None else stored.version
        if expected_version is not None and expected_version != version:
            return actor, VersionConflict(
                "The setting was changed meanwhile: look at `current`, and send its version as `expectedVersion`.",
                field="expectedVersion",
                current=self._book.record_of(key, stored),
            )
        return actor, None

    def _changed(
        self, key: str, before: SettingRow | None, change: SettingChange, version: int, actor: Actor
    ) -> SettingRow:
        declared = self._book.declared(key)
        return changed(key, before, declared, change, version=version, now_ms=time_ms(self._clock), by=actor.wallet)

    def _asked_for(
        self, key: str, before: SettingRow | None, change: SettingChange, version: int, actor: Actor
    ) -> SettingRow | None:
        """The row that a refused change would have made, or None if the change is also invalid."""
        try:
            return self._changed(key, before, change, version, actor)
        except ValidationFailed:
            return None

    async def _save(self, transaction: Transaction, before: SettingRow | None, after: SettingRow) -> Committed:
        await store.save_setting(transaction, after, is_new=before is None)
        change = SettingChangeRow(
            key=after.key,
            version=after.version,
            value=None if after.secret else after.value,
            deleted=False,
            secret=after.secret,
            at_ms=after.updated_ms,
            by=after.updated_by,
        )
        await store.add_change(transaction, change)
        return Committed(after.key, after)

    async def _remove(self, transaction: Transaction, before: SettingRow, actor: Actor) -> Committed:
        await store.delete_setting(transaction, before.key)
        change = SettingChangeRow(
            key=before.key,
            version=await store.last_version(transaction, before.key) + 1,
            value=None,
            deleted=True,
            secret=before.secret,
            at_ms=time_ms(self._clock),
            by=actor.wallet,
        )
        await store.add_change(transaction, change)
        return Committed(before.key, None)

    async def _record(
        self,
        transaction: Transaction,
        actor: Actor,
        action: str,
        key: str,
        before: SettingRow | None,
        after: SettingRow | None,
        refusal: AppError | None = None,
    ) -> None:
        outcome = DONE if refusal is None else CONFLICT if isinstance(refusal, VersionConflict) else DENIED
        await self._audit.record(transaction, actor, action, key, differences(before, after), outcome)

    # ── after a commit ──────────────────────────────────────────────────────────────────────────────────────────

    def _committed(self, outcome: Committed | AppError | None) -> None:
        if isinstance(outcome, Committed):
            self.put(outcome.key, outcome.after, self._publish)

    def _publish(self, seen: Seen) -> None:
        update = SettingUpdate(
            key=seen.key, setting=self._book.record(seen.key, for_admin=False), previous=seen.previous
        )
        self._publisher.publish(SETTING.channel(seen.key), update, least_role=seen.seen_from)

    async def _end_maintenance(self) -> float:
        """Store the end of maintenance, if its time has passed; returns the seconds until there is something to do."""
        row, maintenance = self._book.row(MAINTENANCE_KEY), self._maintenance
        if row is None or maintenance.until_s is None or not maintenance.enabled:
            return math.inf
        left_s = maintenance.until_s - self._clock.time()
        if left_s > 0:
            return left_s
        change = SettingChange(value={"enabled": False}, expected_version=row.version)
        # If an admin was faster, their change has already rung the alarm.
        with suppress(VersionConflict):
            await self.update(SYSTEM, MAINTENANCE_KEY, change)
        return math.inf
