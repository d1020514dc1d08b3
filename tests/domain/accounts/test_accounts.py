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
    assert heard == ["ann"]
    accounts.put(Account("w1", nickname="Bob"))
    assert sorted(heard[1:]) == ["ann", "bob"]
    accounts.put(Account("w1"))
    assert heard[3:] == ["bob"]


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
    assert heard == [Account("w1", nickname="Ann"), "ann"]


async def test_who_listens_ahead_hears_first() -> None:
    accounts = MemoryAccounts()
    heard: list[str] = []
    accounts.on_change(lambda _account: heard.append("last"))
    accounts.on_change(lambda _account: heard.append("first"), ahead=True)
    accounts.put(Account("w1"))
    assert heard == ["first", "last"]
