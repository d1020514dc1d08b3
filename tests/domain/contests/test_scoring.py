"""The board of a contest equals a slow one, to the last bit, whatever happens and in whatever order."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duelcast.domain.contests.price_vector import PriceVector
from duelcast.domain.contests.scoring import Board, Standing, return_pct
from duelcast.domain.contests.valuation import rounded
from duelcast.store.contests import HoldingRow
from tests.examples import examples

BALANCE = 1_000.0
SYMBOLS = "ABCD"
ENTRY_MS = 1_799_971_200_000


def portfolio(held: Iterable[tuple[str, float]]) -> list[HoldingRow]:
    return [HoldingRow(symbol, 50, quantity) for symbol, quantity in held]


# --- A slow board -----------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Entrant:
    wallet: str
    entry_id: int
    entry_time_ms: int
    value: float = BALANCE
    holdings: dict[str, float] | None = None
    disqualified: bool = False
    marked: int = 0
    told: tuple[int | None, float] | None = None


@dataclass
class SlowBoard:
    """Plain Python, from the sentences of the contract."""

    entrants: dict[str, Entrant] = field(default_factory=dict)

    def values(self, prices: dict[str, float]) -> dict[Entrant, float]:
        return {entrant: self.value(entrant, prices) for entrant in self.entrants.values()}

    def value(self, entrant: Entrant, prices: dict[str, float]) -> float:
        if entrant.holdings is None or any(symbol not in prices for symbol in entrant.holdings):
            return entrant.value
        total = 0.0
        for symbol in sorted(entrant.holdings):
            total += entrant.holdings[symbol] * prices[symbol]
        return round(total, 8)

    def take_values(self, values: dict[Entrant, float]) -> None:
        for entrant, value in values.items():
            entrant.value = value

    def ranked(self) -> list[Entrant]:
        ranked = [entrant for entrant in self.entrants.values() if not entrant.disqualified]
        return sorted(ranked, key=lambda one: (-one.value, one.entry_time_ms, one.entry_id))

    def rank(self, entrant: Entrant) -> int | None:
        if entrant.disqualified:
            return None
        return 1 + sum(other.value > entrant.value for other in self.ranked())

    def standing(self, entrant: Entrant) -> Standing:
        percent = round((entrant.value - BALANCE) / BALANCE * 100, 2)
        rank = self.rank(entrant)
        change = entrant.marked - rank if entrant.marked and rank else 0
        return Standing(entrant.wallet, entrant.entry_id, rank, entrant.value, 0.0 if percent == 0 else percent, change)

    def mark(self) -> None:
        for entrant in self.entrants.values():
            entrant.marked = self.rank(entrant) or 0

    def take_changed(self) -> set[str]:
        changed = set()
        for entrant in self.entrants.values():
            now = (self.rank(entrant), entrant.value)
            if now != entrant.told:
                changed.add(entrant.wallet)
            entrant.told = now
        return changed


# --- Both in step -----------------------------------------------------------------------------------------------------

wallets = st.sampled_from([f"wallet{number}" for number in range(7)])
quantities = st.sampled_from([0.1, 0.2, 0.3, 1 / 3, 1e-9, 7.0, 1e6 / 7]) | st.floats(1e-9, 1e9)
holdings = st.dictionaries(st.sampled_from(SYMBOLS), quantities, min_size=1) | st.just({"A": 0.1, "B": 0.2, "C": 0.3})
prices = st.sampled_from([0.1, 1.0, 3.0, 1e-5, 2 / 3]) | st.floats(1e-9, 1e6)
times_ms = st.integers(0, 3).map(lambda number: ENTRY_MS + number)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("enter"), wallets, times_ms, st.none() | holdings),
        st.tuples(st.just("withdraw"), wallets),
        st.tuples(st.just("disqualify"), wallets),
        st.tuples(st.just("restore"), wallets),
        st.tuples(st.just("trade"), wallets, holdings),
        st.tuples(st.just("price"), st.sampled_from(SYMBOLS), prices),
        st.tuples(st.sampled_from(["score", "begin", "finish", "mark", "look"])),
    ),
    max_size=40,
)


class Both:
    def __init__(self) -> None:
        self.vector = PriceVector()
        self.prices: dict[str, float] = {}
        self.board = Board(BALANCE, self.vector)
        self.slow = SlowBoard()
        self.entries = 0
        self.scoring = self.board.prepare()
        self.slow_values: dict[Entrant, float] = {}

    def enter(self, wallet: str, time_ms: int, held: dict[str, float] | None) -> None:
        if wallet not in self.slow.entrants:
            # Ids fall, so that equal entry times are told apart against the order of entering.
            self.entries += 1
            entry_id = 1_000 - self.entries
            self.board.add(wallet, None, entry_id, time_ms, portfolio((held or {}).items()))
            self.slow.entrants[wallet] = Entrant(wallet, entry_id, time_ms, holdings=held)

    def withdraw(self, wallet: str) -> None:
        if self.slow.entrants.pop(wallet, None):
            self.board.remove(wallet)

    def disqualify(self, wallet: str) -> None:
        if wallet in self.board:
            self.board.disqualify(wallet)
            self.slow.entrants[wallet].disqualified = True

    def restore(self, wallet: str) -> None:
        if wallet in self.board:
            self.board.restore(wallet)
            self.slow.entrants[wallet].disqualified = False

    def trade(self, wallet: str, held: dict[str, float]) -> None:
        if wallet in self.board:
            self.board.set_portfolio(wallet, portfolio(held.items()))
            self.slow.entrants[wallet].holdings = held

    def price(self, symbol: str, price: float) -> None:
        self.vector.set(symbol, price)
        self.prices[symbol] = price

    def score(self) -> None:
        self.begin()
        self.finish()

    def begin(self) -> None:
        self.scoring = self.board.prepare()
        self.slow_values = self.slow.values(self.prices)

    def finish(self) -> None:
        self.scoring.compute()
        if self.board.apply(self.scoring):
            self.slow.take_values(self.slow_values)

    def mark(self) -> None:
        self.board.minute_mark()
        self.slow.mark()

    def look(self) -> None:
        ranked = self.slow.ranked()
        assert self.board.total == len(ranked)
        assert list(self.board.standings()) == [self.slow.standing(entrant) for entrant in ranked]
        for entrant in self.slow.entrants.values():
            assert self.board.standing(entrant.wallet) == self.slow.standing(entrant)
            held = sorted((entrant.holdings or {}).items())
            assert [(one.symbol, one.quantity) for one in self.board.portfolio(entrant.wallet)] == held
        rows = self.board.page(0, 100)
        assert [row.wallet for row in rows] == [entrant.wallet for entrant in ranked]
        for row, entrant in zip(rows, ranked, strict=True):
            assert row.rankChange == (entrant.marked - row.rank if entrant.marked else 0)
        assert set(self.board.take_changed([*self.slow.entrants, "stranger"])) == self.slow.take_changed()


@settings(max_examples=examples(300))
@given(steps)
def test_a_board_equals_the_slow_one_after_any_steps(chosen: list[tuple[str, *tuple[object, ...]]]) -> None:
    both = Both()
    for name, *arguments in chosen:
        getattr(both, name)(*arguments)
    both.look()
    both.score()
    both.look()


def test_many_trades_leave_all_values_as_the_slow_board_has_them() -> None:
    both = Both()
    for number, symbol in enumerate(SYMBOLS):
        both.price(symbol, 0.1 + number)
    for number in range(50):
        both.enter(f"wallet{number}", ENTRY_MS, {"A": 0.1 * number, "B": 0.7})
    for number in range(400):
        both.trade(f"wallet{number * 7 % 50}", dict.fromkeys(SYMBOLS[: 1 + number % 4], number / 3))
        if number % 50 == 0:
            both.score()
            both.look()
    assert both.board.portfolio_bytes < 50 * 4 * 20 * 3, "what was given up is cut out"


# --- Values -----------------------------------------------------------------------------------------------------------


@settings(max_examples=examples(500))
@given(
    st.lists(
        st.floats(0, 1e300)
        | st.floats(0, 1e8)
        | st.floats(1e6, 7e7)
        | st.integers(0, 2**31).map(lambda number: number / 512)
        | st.integers(0, 10**17).map(lambda number: (number + 0.5) / 1e8)
    )
)
def test_values_are_rounded_as_pythons_round_does(sums: list[float]) -> None:
    assert rounded(np.array(sums, np.float64)).tolist() == [round(value, 8) for value in sums]


def test_numpys_own_rounding_is_another() -> None:
    generator = np.random.default_rng(1)
    sums = generator.uniform(1e5, 1e6, 20_000)
    as_python = [round(value, 8) for value in sums.tolist()]
    assert np.round(sums, 8).tolist() != as_python
    assert rounded(sums).tolist() == as_python


def test_equal_holdings_have_equal_values_whatever_the_order_they_are_given_in() -> None:
    both = Both()
    for symbol, price in (("A", 0.1), ("B", 0.7), ("C", 1e9 / 3)):
        both.price(symbol, price)
    held = [("A", 0.1), ("B", 0.2), ("C", 0.3)]
    both.board.add("one", None, 1, ENTRY_MS, portfolio(held))
    both.board.add("two", None, 2, ENTRY_MS, portfolio(held[::-1]))
    both.board.score()
    assert [standing.rank for standing in both.board.standings()] == [1, 1]


@pytest.mark.parametrize(
    ("value", "percent"), [(1_234.5, 23.45), (999.99, 0.0), (999.94, -0.01), (1_000.0, 0.0), (0.0, -100.0)]
)
def test_return_has_two_decimals_and_no_negative_zero(value: float, percent: float) -> None:
    result = return_pct(value, 1_000.0)
    assert result == percent
    assert result != 0 or math.copysign(1, result) == 1


# --- What the board is asked for --------------------------------------------------------------------------------------


@pytest.fixture
def prices_now() -> PriceVector:
    vector = PriceVector()
    vector.set("SOL", 100.0)
    return vector


@pytest.fixture
def board(prices_now: PriceVector) -> Board:
    """Ten wallets; each has one SOL more than the next."""
    board = Board(BALANCE, prices_now)
    for number in range(10):
        board.add(f"w{number}", f"n{number}", number + 1, ENTRY_MS + number, portfolio([("SOL", 10.0 - number)]))
    board.score()
    return board


def test_before_the_start_everybody_has_the_starting_balance_and_rank_1_in_the_order_of_entry(
    prices_now: PriceVector,
) -> None:
    board = Board(BALANCE, prices_now)
    board.add("late", None, 1, ENTRY_MS + 5)
    board.add("early", None, 2, ENTRY_MS)
    rows = board.page(0, 10)
    assert [(row.rank, row.wallet, row.value, row.returnPct) for row in rows] == [
        (1, "early", BALANCE, 0.0),
        (1, "late", BALANCE, 0.0),
    ]
    assert board.portfolio("late") == []


def test_a_row_has_nickname_return_and_entry_time(board: Board) -> None:
    row = board.page(3, 1)[0]
    assert (row.rank, row.wallet, row.nickname, row.value, row.returnPct) == (4, "w3", "n3", 700.0, -30.0)
    assert row.entryTime == "2027-01-15T00:00:00.003Z"


def test_entry_times_keep_every_millisecond(prices_now: PriceVector) -> None:
    board = Board(BALANCE, prices_now)
    for number in range(1_000):
        board.add(f"w{number}", None, number, ENTRY_MS + number)
    assert [row.entryTime[20:23] for row in board.page(0, 1_000)] == [f"{number:03d}" for number in range(1_000)]


def test_a_page_ends_with_the_list(board: Board) -> None:
    assert [row.wallet for row in board.page(8, 5)] == ["w8", "w9"]
    assert board.page(10, 5) == []


@pytest.mark.parametrize(("wallet", "offset"), [("w0", 0), ("w1", 0), ("w2", 0), ("w5", 3), ("w8", 5), ("w9", 5)])
def test_a_wallet_stands_in_the_middle_of_its_page_unless_at_an_end(board: Board, wallet: str, offset: int) -> None:
    assert board.around(wallet, 5) == offset
    assert wallet in [row.wallet for row in board.page(offset, 5)]


def test_a_wallet_is_found_among_its_equals(prices_now: PriceVector) -> None:
    board = Board(BALANCE, prices_now)
    for number in range(9):
        board.add(f"w{number}", None, number, ENTRY_MS)
    assert board.around("w6", 1) == 6


def test_there_is_no_page_around_who_is_disqualified(board: Board) -> None:
    board.disqualify("w4")
    assert board.around("w4", 5) is None
    assert board.standing("w4").rank is None
    assert board.standing("w4").value == 600.0


def test_a_page_larger_than_the_list_begins_at_its_head(board: Board) -> None:
    assert board.around("w9", 100) == 0


def test_who_is_disqualified_leaves_the_ranks_at_once_and_comes_back_with_the_value_of_now(
    board: Board, prices_now: PriceVector
) -> None:
    board.disqualify("w0")
    assert [(row.rank, row.wallet) for row in board.page(0, 2)] == [(1, "w1"), (2, "w2")]
    assert board.total == 9
    prices_now.set("SOL", 200.0)
    board.score()
    board.restore("w0")
    assert board.page(0, 1)[0].value == 2_000.0


def test_rank_change_counts_from_the_last_full_minute(board: Board, prices_now: PriceVector) -> None:
    assert [row.rankChange for row in board.page(0, 10)] == [0] * 10
    board.minute_mark()
    board.set_portfolio("w9", portfolio([("SOL", 50.0)]))
    board.add("new", None, 11, ENTRY_MS)
    board.score()
    changes = {row.wallet: row.rankChange for row in board.page(0, 11)}
    # "new" has the starting balance, as "w0" has, and entered earlier than nobody.
    assert (changes["w9"], changes["w0"], changes["w5"], changes["new"]) == (9, -1, -2, 0)
    board.minute_mark()
    assert all(row.rankChange == 0 for row in board.page(0, 11))


def test_the_version_grows_with_each_ranking(board: Board) -> None:
    versions = [board.version]
    board.score()
    versions.append(board.version)
    board.disqualify("w3")
    versions.append(board.version)
    board.restore("w3")
    versions.append(board.version)
    assert versions == sorted(set(versions))
    assert board.version == versions[-1]


def test_the_top_is_told_once_and_again_when_a_row_of_it_differs(prices_now: PriceVector) -> None:
    board = Board(BALANCE, prices_now)
    for number in range(150):
        board.add(f"w{number}", None, number, ENTRY_MS, portfolio([("SOL", 500.0 - number)]))
    board.score()
    top = board.take_top()
    assert top is not None
    assert len(top) == 100
    assert board.take_top() is None
    board.set_portfolio("w120", portfolio([("SOL", 1.0)]))
    board.score()
    assert board.take_top() is None, "rank 121 is not among the first 100"
    board.set_nickname("w99", "new name")
    assert board.take_top() is not None
    prices_now.set("SOL", 101.0)
    board.score()
    assert board.take_top() is not None
    assert board.take_top() is None


def test_a_full_minute_after_a_change_of_ranks_changes_the_top(board: Board) -> None:
    board.minute_mark()
    board.set_portfolio("w9", portfolio([("SOL", 50.0)]))
    board.score()
    board.take_top()
    board.minute_mark()
    top = board.take_top()
    assert top is not None
    assert top[0].rankChange == 0


def test_changed_are_those_whose_rank_or_value_differs_from_when_that_was_last_asked(board: Board) -> None:
    assert board.take_changed(["w1", "w2", "stranger"]) == ["w1", "w2"]
    assert board.take_changed(["w1", "w2"]) == []
    board.set_portfolio("w2", portfolio([("SOL", 20.0)]))
    board.score()
    # w2 overtakes the first two; w3 was never asked about, and stands where it stood.
    assert board.take_changed(["w0", "w1", "w2", "w3"]) == ["w0", "w1", "w2"]
    board.set_portfolio("w9", portfolio([("SOL", 1.5)]))
    board.score()
    assert board.take_changed([f"w{number}" for number in range(4)]) == []


def test_what_was_told_otherwise_is_no_change(board: Board) -> None:
    board.take_changed(())
    board.disqualify("w0")
    board.mark_published("w1")
    board.mark_published("stranger")
    assert board.take_changed(["w0", "w1", "w2"]) == ["w0", "w2"]


def test_a_scoring_in_a_thread_sees_the_prices_and_holdings_of_its_beginning(
    board: Board, prices_now: PriceVector
) -> None:
    scoring = board.prepare()
    prices_now.set("SOL", 1.0)
    board.set_portfolio("w0", portfolio([("SOL", 1_000.0)]))
    board.disqualify("w1")
    board.add("w10", None, 11, ENTRY_MS)
    thread = Thread(target=scoring.compute)
    thread.start()
    thread.join()
    assert board.apply(scoring)
    assert [(row.rank, row.wallet, row.value) for row in board.page(0, 3)] == [
        (1, "w0", 1_000.0),
        (1, "w10", 1_000.0),
        (3, "w2", 800.0),
    ]


def test_only_the_scoring_begun_last_is_taken_and_once(board: Board, prices_now: PriceVector) -> None:
    first = board.prepare()
    prices_now.set("SOL", 300.0)
    second = board.prepare()
    second.compute()
    assert board.apply(second)
    first.compute()
    version = board.version
    assert not board.apply(first)
    assert not board.apply(second)
    assert board.version == version
    assert board.standing("w9").value == 300.0


def test_a_boundary_is_scored_at_its_own_prices(board: Board, prices_now: PriceVector) -> None:
    prices_now.set("SOL", 900.0)
    board.score({"SOL": 50.0, "NEVER_HELD": 1.0})
    assert board.standing("w0").value == 500.0
    board.score({"NEVER_HELD": 1.0})
    assert board.standing("w0").value == 500.0, "a price that is not known changes nothing"


def test_a_board_is_concerned_by_the_prices_of_what_somebody_holds(board: Board, prices_now: PriceVector) -> None:
    prices_now.take_changed()
    prices_now.set("BTC", 1.0)
    assert not board.concerned(prices_now.take_changed())
    prices_now.set("SOL", 101.0)
    prices_now.set("SOL", 102.0)
    assert board.concerned(prices_now.take_changed())
    prices_now.set("SOL", 102.0)
    assert prices_now.take_changed() == set(), "the same price again is no change"
    for number in range(10):
        board.remove(f"w{number}")
    prices_now.set("SOL", 103.0)
    assert not board.concerned(prices_now.take_changed())


def test_a_wallet_enters_once_and_may_come_back_after_it_withdrew(board: Board) -> None:
    with pytest.raises(ValueError, match="once"):
        board.add("w0", None, 99, ENTRY_MS)
    board.remove("w0")
    assert "w0" not in board
    with pytest.raises(KeyError):
        board.standing("w0")
    board.add("w0", "again", 99, ENTRY_MS)
    assert board.standing("w0") == Standing("w0", 99, 1, BALANCE, 0.0, 0)


def test_a_price_is_none_until_it_is_known(prices_now: PriceVector) -> None:
    prices_now.index("BTC")
    assert (prices_now.price("SOL"), prices_now.price("BTC"), prices_now.price("ETH")) == (100.0, None, None)


def test_at_the_start_everybody_buys_what_was_chosen_to_the_last_bit() -> None:
    vector = PriceVector()
    at_start = {"A": 0.1, "B": 3.0, "C": 1e-7}
    board = Board(BALANCE, vector)
    chosen = {"one": {"A": 33, "B": 67}, "two": {"C": 100}, "three": {"A": 1, "B": 1, "C": 98}}
    for number, (wallet, weights) in enumerate(chosen.items()):
        board.add(
            wallet, None, number, ENTRY_MS, [HoldingRow(symbol, weight, None) for symbol, weight in weights.items()]
        )
    assert [one.quantity for one in board.portfolio("one")] == [None, None]
    board.disqualify("two")
    board.buy(at_start)
    for wallet, weights in chosen.items():
        bought = [
            HoldingRow(symbol, weight, BALANCE * weight / 100 / at_start[symbol]) for symbol, weight in weights.items()
        ]
        assert board.portfolio(wallet) == bought
    assert board.symbols() == ["A", "B", "C"]
    board.score({"A": 0.2, "B": 3.0, "C": 1e-7})
    assert board.standing("one").value == round(BALANCE * 33 / 100 / 0.1 * 0.2 + BALANCE * 67 / 100 / 3.0 * 3.0, 8)
