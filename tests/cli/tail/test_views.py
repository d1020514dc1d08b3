from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console
from rich.live import Live

from duelcast.cli.tail.board import PriceBoard
from duelcast.cli.tail.lines import line, number, printable
from duelcast.cli.tail.outputs import Board, Lines
from duelcast.clock import ManualClock

TIME = "2027-01-15T08:00:00.061Z"


def price(value: float, **more: object) -> dict[str, Any]:
    data = {"symbol": "SOL", "price": value, "change_24h": -1.2, "volume_24h": 4_118_930.4, "source": "simulated"}
    return {
        "type": "MARKET_PRICE",
        "data": {**data, "stale": False, **more},
        "channel": "market.SOL",
        "seq": 7,
        "timestamp": TIME,
    }


def rendered(board: PriceBoard, now_s: float, width: int = 160) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(board.table(now_s, width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_price_is_a_line_in_words() -> None:
    assert line(price(182.374)) == "08:00:00.061  SOL       182.37  -1.20 %  volume 4,118,930  simulated"
    assert line(price(182.374, stale=True)).endswith("simulated  stale")


def test_another_message_is_a_line_with_its_place_and_shortened_content() -> None:
    message = {"type": "chat_message", "channel": "chat.1", "seq": 3, "timestamp": TIME, "data": {"text": "x" * 500}}
    assert line(message).startswith('08:00:00.061  chat_message  chat.1#3  {"data":{"text":"xxx')
    assert len(line(message)) < 300


def test_a_list_is_told_by_its_size() -> None:
    for size, told in ((40, "40 records"), (1, "1 record"), (0, "0 records")):
        assert line({"type": "token_update", "timestamp": TIME, "data": [{}] * size}).endswith(f'{{"data":"{told}"}}')


@pytest.mark.parametrize("character", ["\x1b", "\x00", "\x9b", "\u202e", "\n", "\r"])
def test_no_character_reaches_the_terminal_that_it_would_act_on(character: str) -> None:
    assert character not in printable(f"a{character}b")
    assert character not in line(price(1.0, source=f"a{character}b"))
    assert character not in line({"type": "chat_message", "data": f"a{character}b"})


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (97_412.554, "97,412.55"), (0.5, "0.5000"), (0.0000123, "0.0000123000")]
)
def test_a_number_has_the_digits_that_its_size_needs(value: float | None, text: str) -> None:
    assert number(value) == text


def test_the_board_shows_the_newest_of_each_symbol_and_its_age() -> None:
    board = PriceBoard()
    board.take(price(180.0), 10.0)
    board.take(price(182.5, stale=True), 12.0)
    board.take({"type": "MARKET_VOLUME", "data": {"symbol": "SOL", "interval": "1m", "trades_count": 58}}, 13.0)
    board.take({"type": "MARKET_VOLUME", "data": {"symbol": "SOL", "interval": "1d", "trades_count": 99}}, 13.0)
    board.take({"type": "MARKET_SENTIMENT", "data": {"symbol": "SOL", "sentiment_score": -0.07}}, 13.0)
    shown = rendered(board, 15.0)
    for text in ("SOL", "182.50", "-1.20 %", "4,118,930", "58", "-0.07", "3 s", "simulated", "stale"):
        assert text in shown
    assert "180.00" not in shown
    assert "99" not in shown


def test_the_board_shows_no_symbol_before_its_first_price() -> None:
    board = PriceBoard()
    assert board.take({"type": "MARKET_SENTIMENT", "data": {"symbol": "SOL", "sentiment_score": 0}}, 0.0)
    assert board.is_empty
    assert "SOL" not in rendered(board, 0.0)


@pytest.mark.parametrize("width", [120, 100, 80, 60, 40, 30])
def test_a_narrow_terminal_gets_fewer_columns_and_no_cut_price(width: int) -> None:
    board = PriceBoard()
    board.take(price(67_184.25, symbol="BTC"), 0.0)
    board.take(price(0.0000123456, stale=True), 0.0)
    shown = rendered(board, 3_600.0, width)
    for text in ("BTC", "67,184.25", "SOL", "0.0000123456"):
        assert text in shown
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= width


def test_what_goes_first_is_what_matters_least() -> None:
    board = PriceBoard()
    board.take(price(182.5), 0.0)
    assert "source" in rendered(board, 0.0, 100)
    assert "source" not in rendered(board, 0.0, 80)
    assert "sentiment" in rendered(board, 0.0, 80)


@pytest.mark.parametrize("value", [None, "182.5", True, {}], ids=str)
def test_a_value_that_is_unknown_or_no_number_is_a_dash(value: object) -> None:
    board = PriceBoard()
    for message in (
        price(182.5),
        {"type": "MARKET_PRICE", "data": {"symbol": "SOL", "price": value, "change_24h": value, "volume_24h": value}},
        {"type": "MARKET_VOLUME", "data": {"symbol": "SOL", "interval": "1m", "trades_count": value}},
        {"type": "MARKET_SENTIMENT", "data": {"symbol": "SOL", "sentiment_score": value}},
    ):
        assert board.take(message, 0.0)
    assert rendered(board, 0.0).count("–") == 5


def test_a_price_line_without_numbers_has_dashes() -> None:
    message = {"type": "MARKET_PRICE", "data": {"symbol": "SOL", "price": None, "change_24h": None}, "timestamp": TIME}
    assert line(message).startswith("08:00:00.061  SOL       –  –  volume –")


def test_the_board_leaves_other_messages_to_the_lines() -> None:
    assert not PriceBoard().take({"type": "token_update", "data": []}, 0.0)


def test_raw_frames_stay_one_per_line_and_notices_go_elsewhere() -> None:
    out, err = io.StringIO(), io.StringIO()
    output = Lines(out, err, raw=True)
    output.message('{\n"type":"pong"}', {"type": "pong"})
    output.notice("connected")
    assert (out.getvalue(), err.getvalue()) == ('{ "type":"pong"}\n', "# connected\n")


def test_the_terminal_shows_prices_as_a_table_and_the_rest_as_lines() -> None:
    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    with Live(console=console, auto_refresh=False) as live:
        output = Board(live, ManualClock())
        output.tick()
        output.message("", {"type": "symbols_subscribed", "timestamp": TIME})
        output.message("", price(182.374))
        output.notice("connected")
        output.tick()
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    for text in ("symbols_subscribed", "# connected", "182.37"):
        assert text in shown
