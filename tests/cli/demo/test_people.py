from __future__ import annotations

from duelcast.cli.demo.people import ADMIN, BOTS, GUEST, ORGANISER
from duelcast.domain.accounts.identity import is_wallet
from duelcast.domain.accounts.nicknames import is_nickname, nickname_key

EVERYBODY = (*BOTS, ORGANISER, ADMIN, GUEST)


def test_everybody_has_a_wallet_and_a_nickname_of_their_own() -> None:
    assert all(is_wallet(person.wallet) and is_nickname(person.nickname) for person in EVERYBODY)
    assert len({person.wallet for person in EVERYBODY}) == len(EVERYBODY)
    assert len({nickname_key(person.nickname) for person in EVERYBODY}) == len(EVERYBODY)


def test_bots_can_be_told_from_people() -> None:
    assert all(bot.nickname.endswith(" (bot)") for bot in BOTS)
