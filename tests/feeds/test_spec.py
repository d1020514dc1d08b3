"""`DUELCAST_FEED` names feeds; what cannot be read is refused with a sentence that helps."""

from __future__ import annotations

import pytest

from duelcast.clock import ManualClock
from duelcast.feeds.simulated import SimulatedFeed
from duelcast.feeds.spec import build_feeds


def names(text: str) -> list[str]:
    return [feed.name for feed in build_feeds(text, ManualClock())]


def test_several_feeds_are_built_in_the_order_named() -> None:
    assert names("replay:a.jsonl?speed=2&loop=1; simulated?seed=7 ;") == ["replay", "simulated"]


@pytest.mark.parametrize("text", ["none", "", " ; "])
def test_none_and_nothing_build_nothing(text: str) -> None:
    assert names(text) == []


def test_a_feed_may_be_given_a_name() -> None:
    assert names("replay:a?name=morning;replay:b?name=evening") == ["morning", "evening"]


def test_options_reach_the_feed() -> None:
    (feed,) = build_feeds("simulated?symbols=45&conflate=0", ManualClock())
    assert isinstance(feed, SimulatedFeed)
    assert (len(feed.symbols), feed.conflate) == (45, False)


def test_a_simulated_market_is_conflated_by_default() -> None:
    (feed,) = build_feeds("simulated", ManualClock())
    assert isinstance(feed, SimulatedFeed)
    assert (len(feed.symbols), feed.conflate) == (40, True)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("simulate", "There is no feed 'simulate'. Did you mean 'simulated'? Feeds: simulated, replay, exchange, "),
        ("what:ever", "There is no feed 'what'. Feeds: simulated, replay, exchange, dexscreener, none."),
        ("simulated?sed=1", "Feed 'simulated' has no option 'sed'. Did you mean 'seed'? Its options: conflate, due, "),
        ("simulated?seed=1&seed=2", "an option is given twice"),
        ("simulated?seed=one", "seed must be an integer from 0 to"),
        ("simulated?seed=", "seed must be an integer from 0 to"),
        ("simulated?symbols=0", "symbols must be an integer from 1 to 9999"),
        ("simulated?symbols=10000", "symbols must be an integer from 1 to 9999"),
        ("simulated?conflate=maybe", "conflate must be 1 or 0"),
        ("simulated:fast", "Feed 'simulated' takes only options"),
        ("simulated;simulated", "Two feeds are named 'simulated'"),
        ("simulated?name=A+b", "its name must be"),
        ("replay", "Feed 'replay' needs a file"),
        ("replay:a?speed=-1", "speed must be a number of at least 0"),
        ("replay:a?speed=nan", "speed must be a number of at least 0"),
        ("none:x", "Feed 'none' takes no arguments"),
        ("dexscreener:solana", "Feed 'dexscreener' needs a chain and token addresses"),
        ("dexscreener:solana:a/b", "Feed 'dexscreener' needs a chain and token addresses"),
        ("dexscreener:solana:A?interval_s=0.1", "interval_s must be a number of at least 0.2"),
        ("dexscreener:solana:A?base_url=ftp://x", "base_url must be a URL that begins with http:// or https://"),
        ("exchange:kraken:BTC/USD?ws_url=http://x", "ws_url must be a URL that begins with ws:// or wss://"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        build_feeds(text, ManualClock())
    assert sentence in str(refusal.value)
