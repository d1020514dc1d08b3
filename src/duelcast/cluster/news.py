"""Accounts, ended sessions and settings, which every node checks by itself. The leader announces each change as news in
the log, before anything that depends on the change; the nodes keep copies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from duelcast.channels.records import News
from duelcast.domain.accounts.accounts import Account, MemoryAccounts
from duelcast.domain.accounts.sessions import EndedSession, EndedSessions
from duelcast.domain.settings.current import CurrentSettings
from duelcast.store.settings import SettingRow

ACCOUNT, SESSION, SETTING = "account", "session", "setting"


class StoredSetting(Struct, frozen=True):
    """The stored row of a setting; None if it was deleted."""

    key: str
    row: SettingRow | None


_encode = msgspec.msgpack.Encoder().encode
_decode_account = msgspec.msgpack.Decoder(Account).decode
_decode_session = msgspec.msgpack.Decoder(EndedSession).decode
_decode_setting = msgspec.msgpack.Decoder(StoredSetting).decode


class ReadModels(Struct, frozen=True):
    """The accounts, ended sessions and settings of a node: the leader's own, or copies."""

    accounts: MemoryAccounts
    ended_sessions: EndedSessions
    settings: CurrentSettings

    def announce_to(self, announce: Callable[[News], None]) -> None:
        """Pass each change from now on to `announce`; for the leader."""
        # A ban must be announced ahead of anything that the domain publishes because of it.
        self.accounts.on_change(lambda account: announce(_of_account(account)), ahead=True)
        self.ended_sessions.on_end(lambda ended: announce(_of_session(ended)))
        self.settings.on_row(lambda key, row: announce(_of_setting(StoredSetting(key, row))))

    def news(self) -> Iterator[News]:
        """News that make up the present state."""
        # The state is listed at once, and encoded piece by piece.
        settings = [StoredSetting(row.key, row) for row in self.settings.rows()]
        accounts, ended = self.accounts.all(), self.ended_sessions.all()
        return _encoded(settings, ended, accounts)

    def take(self, news: News) -> None:
        """Apply a change; for a copy. News of topics that later versions announce are ignored."""
        if news.topic == ACCOUNT:
            self._take_account(_decode_account(news.value))
        elif news.topic == SESSION:
            self.ended_sessions.end(_decode_session(news.value))
        elif news.topic == SETTING:
            self._take_setting(_decode_setting(news.value))

    def take_all(self, news: Iterable[News]) -> None:
        """Become equal to the state that `news` make up; for a copy."""
        wallets, keys = set[str](), set[str]()
        for one in news:
            self.take(one)
            if one.topic == ACCOUNT:
                wallets.add(_decode_account(one.value).wallet)
            elif one.topic == SETTING:
                keys.add(_decode_setting(one.value).key)
        for account in self.accounts.all():
            if account.wallet not in wallets:
                self._take_account(Account(account.wallet))
        for row in list(self.settings.rows()):
            if row.key not in keys:
                self.settings.put(row.key, None)

    def _take_account(self, account: Account) -> None:
        if self.accounts.stored(account.wallet) != account:
            self.accounts.put(account)

    def _take_setting(self, setting: StoredSetting) -> None:
        if self.settings.row(setting.key) != setting.row:
            self.settings.put(setting.key, setting.row)


def _encoded(
    settings: Sequence[StoredSetting], ended: Sequence[EndedSession], accounts: Sequence[Account]
) -> Iterator[News]:
    yield from map(_of_setting, settings)
    yield from map(_of_session, ended)
    yield from map(_of_account, accounts)


def _of_account(account: Account) -> News:
    return News(ACCOUNT, _encode(account))


def _of_session(ended: EndedSession) -> News:
    return News(SESSION, _encode(ended))


def _of_setting(setting: StoredSetting) -> News:
    return News(SETTING, _encode(setting))
