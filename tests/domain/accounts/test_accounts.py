from __future__ import annotations

from duelcast.domain.accounts.accounts import Account, MemoryAccounts


async def test_a_nickname_is_found_whatever_its_case() -> None:
    accounts = MemoryAccounts()
    accounts.put(Account("w1", nickname="Straße"))
    assert await accounts.owner_of("STRASSE") == "w1"
    assert await accounts.owner_of("Strasse2") is None


async def test_a_nickname_that_was_given_up_is_free() -> None:
    accounts = MemoryAccounts()
    accounts.put(Account("w1", nickname="Ann"))
    accounts.put(Account("w1", nickname="Bob"))
    assert await accounts.owner_of("ann") is None
    accounts.put(Account("w1"))
    assert await accounts.owner_of("bob") is None


async def test_a_nickname_stays_with_who_took_it_last() -> None:
    accounts = MemoryAccounts()
    accounts.put(Account("w1", nickname="Ann"))
    accounts.put(Account("w2", nickname="ANN"))
    accounts.put(Account("w1"))
    assert await accounts.owner_of("ann") == "w2"


async def test_listeners_hear_of_a_change_once_it_can_be_found() -> None:
    accounts = MemoryAccounts()
    heard: list[Account] = []
    accounts.on_change(heard.append)
    accounts.put(Account("w1", banned=True))
    assert heard == [await accounts.find("w1")]
