from __future__ import annotations

import pytest

from duelcast.domain.accounts.accounts import Account, MemoryAccounts
from duelcast.domain.accounts.nicknames import shapes


async def test_a_nickname_is_found_whatever_its_case() -> None:
    accounts = MemoryAccounts()
    accounts.put(Account("w1", nickname="Straße"))
    assert not await accounts.may_claim("w2", "STRASSE")
    assert await accounts.may_claim("w1", "STRASSE")
    assert await accounts.may_claim("w2", "Strasse2")


async def test_a_nickname_that_was_given_up_is_free() -> None:
    accounts = MemoryAccounts()
    accounts.put(Account("w1", nickname="Ann"))
    accounts.put(Account("w1", nickname="Bob"))
    assert await accounts.may_claim("w2", "ann")
    accounts.put(Account("w1"))
    assert await accounts.may_claim("w2", "bob")


async def test_of_two_that_look_alike_from_before_each_keeps_its_own_until_it_is_given_up() -> None:
    accounts = MemoryAccounts()
    accounts.put(Account("w1", nickname="Ann"))
    accounts.put(Account("w2", nickname="\u0410nn"))
    assert [accounts.shown_nickname(wallet, None) for wallet in ("w1", "w2")] == ["Ann", "\u0410nn"]
    accounts.put(Account("w1"))
    assert not await accounts.may_claim("w3", "ann")
    accounts.put(Account("w2"))
    assert await accounts.may_claim("w3", "ann")


@pytest.mark.parametrize("claimed", ["admin", "ADMIN", "\u0410dmin", "Admin\ufe0f", "adrnin"])
async def test_nobody_claims_a_reserved_nickname_or_what_looks_like_it(claimed: str) -> None:
    accounts = MemoryAccounts(["Admin"])
    assert not await accounts.may_claim("w1", claimed)
    assert accounts.shown_nickname("w1", claimed) is None
    accounts.put(Account("w1", nickname=claimed))
    assert accounts.shown_nickname("w1", None) == claimed, "what is stored was an admin's decision"


async def test_listeners_hear_of_a_change_once_it_can_be_found() -> None:
    accounts = MemoryAccounts()
    heard: list[Account] = []
    accounts.on_change(heard.append)
    accounts.put(Account("w1", banned=True))
    assert heard == [await accounts.find("w1")]


async def test_what_is_shown_is_stored_or_claimed_and_nobody_elses() -> None:
    accounts = MemoryAccounts()
    assert accounts.shown_nickname("w1", "Ann") == "Ann"
    assert accounts.shown_nickname("w1", None) is None
    accounts.put(Account("w2", nickname="ANN"))
    assert accounts.shown_nickname("w1", "Ann") is None
    assert accounts.shown_nickname("w2", "Ann") == "ANN"
    accounts.put(Account("w1", nickname="Bob"))
    assert accounts.shown_nickname("w1", "Ann") == "Bob"


async def test_listeners_hear_of_each_nickname_that_is_stored_or_given_up() -> None:
    accounts = MemoryAccounts()
    heard: list[str] = []
    accounts.on_owner_change(heard.append)
    accounts.put(Account("w1", nickname="Ann"))
    accounts.put(Account("w1", nickname="ANN", banned=True))
    assert sorted(heard) == sorted(shapes("Ann")), "the second one looks the same"
    heard.clear()
    accounts.put(Account("w1", nickname="Bob"))
    assert sorted(heard) == sorted(shapes("Ann") | shapes("Bob"))
    heard.clear()
    accounts.put(Account("w1"))
    assert sorted(heard) == sorted(shapes("Bob"))


async def test_a_defect_in_one_listener_keeps_no_other_from_hearing() -> None:
    accounts = MemoryAccounts()
    heard: list[object] = []

    def fail(_anything: object) -> None:
        raise RuntimeError("a defect")

    accounts.on_change(fail)
    accounts.on_change(heard.append)
    accounts.on_owner_change(fail)
    accounts.on_owner_change(heard.append)
    accounts.put(Account("w1", nickname="Ann"))
    assert heard[0] == Account("w1", nickname="Ann")
    assert set(heard[1:]) == shapes("Ann")


async def test_who_listens_ahead_hears_first() -> None:
    accounts = MemoryAccounts()
    heard: list[str] = []
    accounts.on_change(lambda _account: heard.append("last"))
    accounts.on_change(lambda _account: heard.append("first"), ahead=True)
    accounts.put(Account("w1"))
    assert heard == ["first", "last"]
