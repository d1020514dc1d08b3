"""Settings: what is in force, what is told, what is kept (protocol §9)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.audit import CONFLICT, DENIED, DONE
from duelcast.domain.settings import changing
from duelcast.domain.settings.changing import SettingChange
from duelcast.domain.settings.errors import SettingNotFound, ValidationFailed, VersionConflict
from duelcast.errors import PermissionDenied, Unavailable
from duelcast.store import accounts
from duelcast.store import settings as store
from duelcast.store.accounts import UserRow
from duelcast.store.database import Database, Transaction
from tests.domain.settings.bureau import BOSS, bureau
from tests.storing import moved_away, opened

KEY = "chat.max_characters"


async def test_a_stored_value_wins_over_a_configured_one_and_that_over_the_default(tmp_path: Path) -> None:
    async with bureau() as made:
        assert made.settings.value(KEY) == 500
    async with bureau(tmp_path / "db", chat__max_characters=300) as made:
        assert made.settings.value(KEY) == 300
        await made.put(KEY, 200)
        assert made.settings.value(KEY) == 200
    async with bureau(tmp_path / "db", chat__max_characters=300) as made:
        assert made.settings.value(KEY) == 200
        await made.settings.delete(BOSS, KEY)
        assert made.settings.value(KEY) == 300
        assert made.ear.take() == [(KEY, 300, 200, Role.ADMIN)]


async def test_only_declared_settings_have_a_value_to_obey() -> None:
    async with bureau() as made:
        await made.put("a.b", 1)
        with pytest.raises(KeyError):
            made.settings.value("a.b")


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    async with bureau(tmp_path / "db") as made:
        await made.put("a.b", {"x": [1]}, description="D", visibility="user")
        await made.put("a.secret", "hush", secret=True)
        await made.put("gone", 1)
        await made.settings.delete(BOSS, "gone")
        before = made.settings.all(Role.ADMIN)
    async with bureau(tmp_path / "db") as made:
        assert made.settings.all(Role.ADMIN) == before


async def test_a_stored_value_that_no_longer_fits_is_passed_over(tmp_path: Path) -> None:
    async with bureau(tmp_path / "db") as made:
        stored = await made.put(KEY, 100)
    async with opened(tmp_path / "db") as database:
        await database.write(_corrupt)
    async with bureau(tmp_path / "db", chat__max_characters=300) as made:
        found = made.settings.get(KEY, Role.ADMIN)
        assert (made.settings.value(KEY), found.value, found.version) == (300, 300, stored.version)
        assert (await made.put(KEY, 50, expected_version=1)).value == 50
        assert made.settings.value(KEY) == 50


async def _corrupt(transaction: Transaction) -> None:
    row = await store.find_setting(transaction, KEY)
    assert row is not None
    await store.save_setting(transaction, structs.replace(row, value=99_999), is_new=False)


async def test_listeners_hear_what_is_in_force_by_prefix_and_one_that_fails_stops_no_other() -> None:
    async with bureau() as made:
        heard: list[tuple[str, Any]] = []

        def fail(_key: str, _value: Any) -> None:
            raise ValueError

        made.settings.on_change("", fail)
        made.settings.on_change("chat.", lambda key, value: heard.append((key, value)))
        await made.put(KEY, 100)
        await made.put("other.one", 1)
        await made.put("chat.secret", "hush", secret=True)
        await made.settings.delete(BOSS, "chat.secret")
        await made.settings.delete(BOSS, KEY)
        assert heard == [(KEY, 100), ("chat.secret", "hush"), ("chat.secret", None), (KEY, 500)]
        assert len(made.ear.take()) == 5


async def test_a_change_is_for_those_who_may_see_it_and_tells_no_more_of_what_was() -> None:
    async with bureau() as made:
        await made.put("a.b", 1)
        await made.put("a.b", 2, visibility="user")
        await made.put("a.b", 3, visibility="public")
        await made.put("a.b", 4)
        await made.put("a.b", 5, visibility="admin")
        await made.settings.delete(BOSS, "a.b")
        assert made.ear.take() == [
            ("a.b", 1, None, Role.ADMIN),
            ("a.b", 2, None, Role.USER),
            ("a.b", 3, None, Role.ANONYMOUS),
            ("a.b", 4, 3, Role.ANONYMOUS),
            ("a.b", 5, 4, Role.ADMIN),
            ("a.b", None, 5, Role.ADMIN),
        ]


async def test_who_is_kept_from_seeing_a_setting_is_told_of_once() -> None:
    async with bureau() as made:
        hidden: list[tuple[str, Role, Role]] = []
        made.settings.on_hidden(lambda *what: hidden.append(what))
        for visibility in ("admin", "public", "public", "user", "admin", "admin"):
            await made.put("a.b", 1, visibility=visibility)
        await made.settings.delete(BOSS, "a.b")
        await made.put("a.b", 1, visibility="admin")
        assert hidden == [("a.b", Role.ANONYMOUS, Role.USER), ("a.b", Role.USER, Role.ADMIN)]


@pytest.mark.parametrize(
    ("visibility", "seen_by"),
    [("public", {0, 1, 2, 3}), ("user", {1, 2, 3}), ("admin", {2, 3})],
)
async def test_a_setting_exists_for_those_who_may_see_it(visibility: Any, seen_by: set[int]) -> None:
    async with bureau() as made:
        await made.put("a.b", 1, visibility=visibility)
        for role in Role:
            assert (made.settings.find("a.b", role) is not None) is (role in seen_by)
            assert ("a.b" in made.settings.all(role)) is (role in seen_by)
            assert ("a.b" in made.settings.all(role, "a")) is (role in seen_by)
            if role not in seen_by:
                with pytest.raises(SettingNotFound):
                    made.settings.get("a.b", role)


async def test_every_change_and_every_lost_race_is_in_the_audit_trail() -> None:
    async with bureau() as made:
        await made.put("a.b", "old")
        await made.put("a.b", "new", description="D")
        with pytest.raises(VersionConflict):
            await made.put("a.b", "late", expected_version=1)
        with pytest.raises(ValidationFailed):
            await made.put("a.b", 1)
        with pytest.raises(VersionConflict):
            await made.settings.delete(BOSS, "a.b", 1)
        await made.settings.delete(BOSS, "a.b", 2)
        acts = await made.acts()
        assert [(act.action, act.target, act.outcome, act.details["value"]) for act in acts] == [
            ("settings.put", "a.b", DONE, [None, "old"]),
            ("settings.put", "a.b", DONE, ["old", "new"]),
            ("settings.put", "a.b", CONFLICT, ["new", "late"]),
            ("settings.delete", "a.b", CONFLICT, ["new", None]),
            ("settings.delete", "a.b", DONE, ["new", None]),
        ]
        assert acts[1].details["description"] == ["", "D"]
        assert acts[1].details["version"] == [1, 2]


async def test_the_audit_trail_keeps_no_secret_and_no_bulk() -> None:
    async with bureau() as made:
        await made.put("a.secret", "hush", secret=True)
        await made.put("a.big", "x" * 5_000)
        secret, big = await made.acts()
        assert secret.details["value"] == [None, "[secret]"]
        assert big.details["value"] == [None, "[5002 bytes]"]


async def test_the_store_keeps_no_secret_of_the_past() -> None:
    async with bureau() as made:
        await made.put("a.secret", "hush", secret=True)
        (change,) = await made.settings.history("a.secret", limit=9)
        assert (change.secret, change.value, change.deleted) == (True, None, False)


async def test_the_role_that_is_stored_counts(tmp_path: Path) -> None:
    boss = Identity("boss", Role.ADMIN, None, 2e9)
    async with opened(tmp_path / "db") as database:
        await _store_user(database, UserRow("boss", role=Role.USER))
    async with bureau(tmp_path / "db") as made:
        with pytest.raises(PermissionDenied):
            await made.settings.update(boss, "a.b", SettingChange(value=1))
        with pytest.raises(PermissionDenied):
            await made.settings.delete(boss, KEY)
        assert [(act.role, act.outcome) for act in await made.acts()] == [(Role.USER, DENIED)] * 2
        assert (made.ear.take(), made.settings.find("a.b", Role.ADMIN)) == ([], None)


async def test_a_ban_takes_the_right(tmp_path: Path) -> None:
    async with opened(tmp_path / "db") as database:
        await _store_user(database, UserRow("boss", role=Role.SUPERADMIN, banned=True))
    async with bureau(tmp_path / "db") as made:
        with pytest.raises(PermissionDenied):
            await made.settings.update(Identity("boss", Role.ADMIN, None, 2e9), "a.b", SettingChange(value=1))


async def _store_user(database: Database, user: UserRow) -> None:
    await database.write(lambda transaction: accounts.save_user(transaction, user, is_new=True, now_ms=0))


async def test_there_is_a_bound_to_all_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "MAX_SETTINGS", 2)
    monkeypatch.setattr(changing, "MAX_CHARACTERS", 20)
    async with bureau() as made:
        await made.put("a", "x" * 10)
        with pytest.raises(ValidationFailed, match="characters"):
            await made.put("b", "x" * 10)
        await made.put("a", "x" * 18)
        await made.put("a", "x")
        await made.put("b", "x")
        with pytest.raises(ValidationFailed, match="2 settings"):
            await made.put("c", 1)
        await made.put("b", "y")


async def test_where_the_store_is_away_nothing_changes(tmp_path: Path) -> None:
    async with bureau(tmp_path / "db") as made:
        await made.put(KEY, 100)
        made.ear.take()
        with moved_away(tmp_path / "db"):
            with pytest.raises(Unavailable):
                await made.put(KEY, 200)
            with pytest.raises(Unavailable):
                await made.settings.delete(BOSS, KEY)
        assert (made.settings.get(KEY, Role.ADMIN).version, made.settings.value(KEY), made.ear.take()) == (1, 100, [])


async def test_times_are_those_of_the_clock() -> None:
    async with bureau(clock=ManualClock(1_800_000_000.0)) as made:
        assert (await made.put("a.b", 1)).updatedAt == "2027-01-15T08:00:00.000Z"
