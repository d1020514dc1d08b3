"""The picture of the README: drawn by the command itself, and complete without anything from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from duelcast.cli.tail.board import PriceBoard
from duelcast.cli.tail.picture import SYMBOLS, draw

PICTURE = Path(__file__).resolve().parents[3] / "docs" / "tail.svg"


def texts(svg: str) -> str:
    return " ".join(ElementTree.fromstring(svg).itertext()).replace("\xa0", " ")


def test_the_picture_of_the_readme_shows_the_symbols_and_every_column() -> None:
    shown = texts(PICTURE.read_text(encoding="utf-8"))
    for part in (*SYMBOLS, "price", "24 h", "trades 1m", "sentiment", "age", "source", "duelcast tail market-data"):
        assert part in shown


def test_a_picture_fetches_nothing() -> None:
    board = PriceBoard()
    board.take({"type": "MARKET_PRICE", "data": {"symbol": "SOL", "price": 149.5}}, 0)
    drawn = draw(board)
    assert "149.50" in texts(drawn)
    for svg in (drawn, PICTURE.read_text(encoding="utf-8")):
        assert not re.search(r"@font-face|@import|url\((?!#)|<image|href=", svg)
