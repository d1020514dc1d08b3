"""Whatever is done in whatever order: versions grow by one, and memory, store and what is told agree."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.domain.settings.changing import SettingChange
from duelcast.domain.settings.errors import SettingNotFound, VersionConflict
from duelcast.store import settings as store
from tests.domain.settings.bureau import BOSS, Bureau
from tests.storing import opened_in_runner

Act = tuple[int | None, int | None]
"""A new value (None: it is deleted), and the expected version."""

acts = st.lists(st.tuples(st.none() | st.integers(1, 5), st.none() | st.integers(0, 4)), max_size=12)


class Told:
    """A follower, who knows what it was told."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[int, int]] = {}

    def hear(self, bureau: Bureau) -> None:
        for message in bureau.ear.messages:
            body = msgspec.json.decode(message.body)
            setting = body["setting"]
            before = self.known.pop(body["key"], None)
            assert body["previous"] == (None if before is None else before[0])
            if setting is not None:
                self.known[body["key"]] = (setting["value"], setting["version"])
        bureau.ear.messages = []


def test_versions_grow_by_one_and_the_last_one_counts(tmp_path: Path) -> None:
    keys = (f"a.{number}" for number in itertools.count())
    clock = ManualClock()
    with opened_in_runner(tmp_path / "db", clock) as (runner, database):
        bureau, told = Bureau(database, clock, {}), Told()

        async def perform(key: str, done: list[Act]) -> None:
            current: tuple[int, int] | None = None
            last = 0
            for value, expected in done:
                version = 0 if current is None else current[1]
                try:
                    if value is None:
                        await bureau.settings.delete(BOSS, key, expected)
                    else:
                        await bureau.settings.update(BOSS, key, SettingChange(value=value, expected_version=expected))
                except VersionConflict:
                    assert expected not in (None, version)
                    continue
                except SettingNotFound:
                    assert (value, current) == (None, None)
                    continue
                assert expected in (None, version)
                last += 1
                current = None if value is None else (value, last)
                told.hear(bureau)
                assert told.known.get(key) == current
            found = bureau.settings.find(key, Role.ADMIN)
            assert (None if found is None else (found.value, found.version)) == current
            async with database.read() as transaction:
                row = await store.find_setting(transaction, key)
                changes = await store.changes_of(transaction, key, limit=100)
            assert (None if row is None else (row.value, row.version)) == current
            assert [change.version for change in changes] == list(range(last, 0, -1))
            assert [change.deleted for change in changes[:1]] == [current is None] * min(last, 1)

        @given(acts)
        def check(done: list[Act]) -> None:
            runner.run(perform(next(keys), done))

        check()
