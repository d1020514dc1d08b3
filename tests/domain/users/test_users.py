"""Who may change what of a user, and what becomes of it (protocol §13, `PUT /users`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from duelcast.channels.names import Role
from duelcast.domain.accounts.accounts import Account
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.users.errors import UserNotFound
from duelcast.domain.users.service import Profile
from duelcast.errors import Conflict, InvalidRequest, InvalidState, PermissionDenied, Unavailable
from duelcast.store import notifications
from duelcast.store.achievements import AchievementRow, add_achievements
from duelcast.store.events import NewEvent, add_events
from tests.domain.users.registry import ADMIN, CHIEF, Registry, identity, registry
from tests.store.contest_rows import do, new_contest
from tests.storing import moved_away

USER, ADMIN_ROLE, SUPERADMIN = Role.USER, Role.ADMIN, Role.SUPERADMIN


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.db"


@pytest.fixture
async def users(path: Path) -> AsyncIterator[Registry]:
    async with registry(path) as made:
        yield made


# ── what is stored ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_wallet_that_was_unknown_is_added(users: Registry) -> None:
    account = await users.put(ADMIN, "w1", nickname="Ann")
    assert account == Account("w1", nickname="Ann")
    assert await users.accounts.find("w1") == account


async def test_what_is_not_given_stays_as_it_is(users: Registry) -> None:
    await users.put(CHIEF, "w1", nickname="Ann", role=ADMIN_ROLE, banned=True)
    assert await users.put(CHIEF, "w1", banned=False) == Account("w1", ADMIN_ROLE, "Ann", banned=False)
    assert await users.put(CHIEF, "w1", nickname="Bob") == Account("w1", ADMIN_ROLE, "Bob", banned=False)


async def test_each_change_is_told_once_and_in_order(users: Registry) -> None:
    await users.put(ADMIN, "w1", nickname="Ann")
    await users.put(ADMIN, "w1", banned=True)
    assert users.told == [Account("w1", nickname="Ann"), Account("w1", nickname="Ann", banned=True)]


async def test_what_was_acknowledged_is_there_after_a_restart(path: Path) -> None:
    async with registry(path) as before:
        await before.put(CHIEF, "w1", nickname="Ann", role=ADMIN_ROLE)
        await before.put(CHIEF, "w2", banned=True)
        await before.users.rename("w3", "Cid")
        await before.users.rename("w3", None)
    async with registry(path) as after:
        found = [await after.accounts.find(wallet) for wallet in ("w1", "w2", "w3")]
        assert found == [Account("w1", ADMIN_ROLE, "Ann"), Account("w2", banned=True), None]
        assert not await after.accounts.may_claim("w2", "ANN")


@pytest.mark.parametrize("wallet", ["", "a b", "w" * 65, "w1\n", "ä"])
async def test_what_is_no_wallet_is_refused(users: Registry, wallet: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await users.put(ADMIN, wallet, nickname="Ann")
    assert refused.value.field == "wallet"
    with pytest.raises(InvalidRequest):
        await users.users.profile(wallet)


# ── roles and bans ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("by", [ADMIN, CHIEF], ids=["admin", "superadmin"])
async def test_admins_ban_users_and_lift_the_ban(users: Registry, by: Identity) -> None:
    assert (await users.put(by, "w1", banned=True)).banned
    assert not (await users.put(by, "w1", banned=False)).banned


@pytest.mark.parametrize("role", [ADMIN_ROLE, SUPERADMIN])
async def test_a_role_above_user_is_given_by_superadmins_alone(users: Registry, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        await users.put(ADMIN, "w1", role=role)
    assert await users.accounts.find("w1") is None
    assert (await users.put(CHIEF, "w1", role=role)).role is role


@pytest.mark.parametrize("role", [ADMIN_ROLE, SUPERADMIN])
async def test_a_role_above_user_is_taken_by_superadmins_alone(users: Registry, role: Role) -> None:
    await users.put(CHIEF, "other", role=SUPERADMIN)
    await users.put(CHIEF, "w1", role=role)
    with pytest.raises(PermissionDenied):
        await users.put(ADMIN, "w1", role=USER)
    assert (await users.put(CHIEF, "w1", role=USER)).role is USER


@pytest.mark.parametrize("role", [ADMIN_ROLE, SUPERADMIN])
async def test_admins_are_banned_and_unbanned_by_superadmins_alone(users: Registry, role: Role) -> None:
    await users.put(CHIEF, "other", role=SUPERADMIN)
    await users.put(CHIEF, "w1", role=role)
    with pytest.raises(PermissionDenied):
        await users.put(ADMIN, "w1", banned=True)
    assert (await users.put(CHIEF, "w1", banned=True)).banned
    with pytest.raises(PermissionDenied):
        await users.put(ADMIN, "w1", banned=False)


async def test_admins_by_their_token_alone_are_protected_as_others_are(users: Registry) -> None:
    users.accounts.remember_claim("w1", ADMIN_ROLE)
    with pytest.raises(PermissionDenied):
        await users.put(ADMIN, "w1", banned=True)
    with pytest.raises(PermissionDenied):
        await users.put(ADMIN, "w1", role=USER)
    assert (await users.put(CHIEF, "w1", role=USER)).role is USER
    assert (await users.put(ADMIN, "w1", banned=True)).banned, "what is stored wins over the claim"


async def test_a_role_where_none_is_stored_may_take_a_claim_away(users: Registry) -> None:
    with pytest.raises(PermissionDenied):
        await users.put(ADMIN, "w1", role=USER)
    await users.put(CHIEF, "w1", role=USER)
    assert (await users.put(ADMIN, "w1", role=USER)).role is USER


async def test_an_admin_may_name_another_admin_and_repeat_what_holds_already(users: Registry) -> None:
    await users.put(CHIEF, "w1", role=ADMIN_ROLE)
    account = await users.put(ADMIN, "w1", nickname="Ann", role=ADMIN_ROLE, banned=False)
    assert account == Account("w1", ADMIN_ROLE, "Ann")


@pytest.mark.parametrize("by", [ADMIN, CHIEF], ids=["admin", "superadmin"])
@pytest.mark.parametrize("change", [{"role": USER}, {"role": SUPERADMIN}, {"banned": True}])
async def test_nobody_changes_their_own_role_or_ban(users: Registry, by: Identity, change: dict[str, object]) -> None:
    with pytest.raises(PermissionDenied):
        await users.put(by, by.wallet, **change)  # type: ignore[arg-type]  # one of several keywords
    assert users.told == []


async def test_everybody_may_change_their_own_nickname(users: Registry) -> None:
    assert (await users.put(ADMIN, "admin", nickname="Ann")).nickname == "Ann"


@pytest.mark.parametrize("change", [{"role": USER}, {"role": ADMIN_ROLE}, {"banned": True}])
async def test_the_last_superadmin_stays(users: Registry, change: dict[str, object]) -> None:
    await users.put(CHIEF, "last", role=SUPERADMIN)
    await users.put(CHIEF, "banned", role=SUPERADMIN, banned=True)
    with pytest.raises(InvalidState):
        await users.put(CHIEF, "last", **change)  # type: ignore[arg-type]  # one of several keywords
    assert await users.accounts.find("last") == Account("last", SUPERADMIN)
    await users.put(CHIEF, "banned", banned=False)
    await users.put(CHIEF, "last", **change)  # type: ignore[arg-type]  # one of several keywords


async def test_two_superadmins_who_depose_each_other_at_once_leave_one(users: Registry) -> None:
    for wallet in ("one", "two"):
        await users.put(CHIEF, wallet, role=SUPERADMIN)
    outcomes = await asyncio.gather(
        users.put(identity("one", SUPERADMIN), "two", role=USER),
        users.put(identity("two", SUPERADMIN), "one", role=USER),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [Account, PermissionDenied]
    assert await users.accounts.find("one") == Account("one", SUPERADMIN)


async def test_the_role_that_is_stored_by_now_counts(users: Registry) -> None:
    await users.put(CHIEF, "admin", role=USER)
    with pytest.raises(PermissionDenied):
        await users.put(ADMIN, "w1", banned=True)
    await users.put(CHIEF, "chief2", role=SUPERADMIN)
    await users.put(CHIEF, "former", role=ADMIN_ROLE, banned=True)
    with pytest.raises(PermissionDenied):
        await users.put(identity("former", ADMIN_ROLE), "w1", nickname="Ann")


# ── nicknames ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("taken", ["Ann", "ANN", "ａｎｎ", " ann ", "a\u200dnn"])
async def test_a_nickname_belongs_to_one_whatever_its_case(users: Registry, taken: str) -> None:
    await users.users.rename("w1", "ann")
    with pytest.raises(Conflict) as refused:
        await users.users.rename("w2", taken)
    assert refused.value.field == "nickname"
    with pytest.raises(Conflict):
        await users.put(ADMIN, "w2", nickname=taken, banned=True)
    assert await users.accounts.find("w2") is None


async def test_an_own_nickname_may_change_its_case(users: Registry) -> None:
    await users.users.rename("w1", "ann")
    await users.users.rename("w1", "Ann")
    assert await users.accounts.find("w1") == Account("w1", nickname="Ann")


async def test_a_nickname_that_was_given_up_is_free(users: Registry) -> None:
    await users.users.rename("w1", "ann")
    await users.users.rename("w1", None)
    await users.users.rename("w2", "ann")
    assert users.told == [Account("w1", nickname="ann"), Account("w1"), Account("w2", nickname="ann")]


async def test_of_many_who_want_a_nickname_at_once_one_gets_it(users: Registry) -> None:
    wanting = [users.users.rename(f"w{number}", "Ann" if number % 2 else "aNN") for number in range(50)]
    outcomes = await asyncio.gather(*wanting, return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 49
    assert len(users.told) == 1


@pytest.mark.parametrize("nickname", ["", "   ", "x" * 33, "a\nb", "\u202eadmin"])
async def test_what_is_no_nickname_is_refused(users: Registry, nickname: str) -> None:
    for attempt in (users.users.rename("w1", nickname), users.put(ADMIN, "w1", nickname=nickname)):
        with pytest.raises(InvalidRequest) as refused:
            await attempt
        assert refused.value.field == "nickname"


# ── the audit trail ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_every_change_by_an_admin_is_in_the_audit_trail(users: Registry) -> None:
    await users.put(CHIEF, "w1", nickname="Ann", role=ADMIN_ROLE)
    await users.put(ADMIN, "w2", banned=True)
    assert [(act.wallet, act.role, act.action, act.target, act.outcome, act.details) for act in await users.acts()] == [
        ("chief", SUPERADMIN, "users.put", "w1", "ok", {"nickname": [None, "Ann"], "role": [None, "admin"]}),
        ("admin", ADMIN_ROLE, "users.put", "w2", "ok", {"banned": [False, True]}),
    ]


async def test_what_was_denied_is_in_the_audit_trail_and_nowhere_else(users: Registry) -> None:
    with pytest.raises(PermissionDenied):
        await users.put(ADMIN, "w1", nickname="Ann", role=SUPERADMIN)
    (act,) = await users.acts()
    assert (act.wallet, act.target, act.outcome) == ("admin", "w1", "denied")
    assert act.details == {"nickname": [None, "Ann"], "role": [None, "superadmin"]}
    with pytest.raises(UserNotFound):
        await users.users.profile("w1")


async def test_what_failed_for_another_reason_is_not(users: Registry) -> None:
    await users.users.rename("w1", "Ann")
    with pytest.raises(Conflict):
        await users.put(ADMIN, "w2", nickname="Ann")
    assert await users.acts() == []


async def test_a_user_is_notified_of_what_somebody_else_changed(users: Registry) -> None:
    await users.put(ADMIN, "ann", nickname="Ann")
    await users.put(CHIEF, "ann", nickname="Annie", role=Role.ADMIN)
    assert await notified(users, "ann") == [
        ("PROFILE_UPDATE", {"nickname": "Annie", "role": "admin"}),
        ("PROFILE_UPDATE", {"nickname": "Ann"}),
    ]


async def test_of_bans_own_changes_refusals_and_what_was_so_before_nobody_is_notified(users: Registry) -> None:
    await users.put(CHIEF, "ann", banned=True)
    await users.put(CHIEF, "ann", banned=False)
    await users.put(ADMIN, ADMIN.wallet, nickname="Boss")
    await users.users.rename("ann", "Ann")
    await users.put(ADMIN, "ann", nickname="Ann")
    with pytest.raises(PermissionDenied):
        await users.put(ADMIN, "ann", nickname="Other", role=Role.ADMIN)
    with pytest.raises(Conflict):
        await users.put(ADMIN, "ann", nickname="Boss")
    assert [await notified(users, wallet) for wallet in ("ann", ADMIN.wallet)] == [[], []]


async def notified(users: Registry, wallet: str) -> list[tuple[str, dict[str, object]]]:
    """Types and data of what a wallet has, newest first."""
    async with users.database.read() as transaction:
        return [(row.type, row.data) for row in await notifications.newest(transaction, wallet, 10)]


# ── what everybody may see ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_profile_shows_the_stored_nickname(users: Registry) -> None:
    await users.users.rename("w1", "Ann")
    assert await users.users.profile("w1") == Profile("w1", "Ann", contests=0, wins=0, achievements=[])


async def test_nobody_has_a_profile_of_whom_nothing_is_known(users: Registry) -> None:
    with pytest.raises(UserNotFound):
        await users.users.profile("w1")


async def test_the_own_profile_is_there_before_anything_is_stored(users: Registry) -> None:
    assert await users.users.own_profile(identity("w1", nickname="Claimed")) == Profile("w1", "Claimed", 0, 0, [])
    await users.users.rename("w1", "Stored")
    assert (await users.users.own_profile(identity("w1", nickname="Claimed"))).nickname == "Stored"


async def test_a_profile_shows_achievements_in_the_order_of_unlocking_and_what_they_are_worth(users: Registry) -> None:
    contest = await new_contest(users.database)
    event = NewEvent(kind="contest_completed", contest_id=contest.id, data={}, at_ms=0)
    await do(users.database, add_events, [event, event])
    achieved = [
        AchievementRow("w1", "contests_entered_5", 2, 2_000),
        AchievementRow("w1", "contests_won_1", 1, 1_000),
        AchievementRow("w1", "of_another_version", 1, 1_000),
        AchievementRow("w2", "contests_entered_1", 1, 1_000),
    ]
    await do(users.database, add_achievements, achieved)
    profile = await users.users.own_profile(identity("w1"))
    found = [(one.rule.achievement, one.unlocked_ms) for one in profile.achievements]
    assert found == [("contests_won_1", 1_000), ("contests_entered_5", 2_000)]
    assert (profile.xp, profile.level) == (150, 2)


# ── without the store ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_without_the_store_nothing_changes_and_nobody_is_told(users: Registry, path: Path) -> None:
    await users.users.rename("w1", "Ann")
    with moved_away(path):
        for attempt in (users.put(ADMIN, "w1", banned=True), users.users.rename("w1", "Bob")):
            with pytest.raises(Unavailable) as refused:
                await attempt
            assert refused.value.retry_after_ms
    assert await users.accounts.find("w1") == Account("w1", nickname="Ann")
    await users.users.rename("w1", "Bob")
    assert users.told == [Account("w1", nickname="Ann"), Account("w1", nickname="Bob")]
