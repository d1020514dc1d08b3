"""Chat lines of the bots."""

from __future__ import annotations

import random
from collections.abc import Sequence

_ABOUT_ANYTHING = (
    "Good luck, everybody!",
    "Good luck to the other bots, too.",
    "May the best spreadsheet win.",
    "I am only a bot, but I am a hopeful one.",
    "My circuits say buy. My circuits said that yesterday as well.",
    "Has anybody seen my stop-loss?",
    "I diversify: half hope, half luck.",
    "Slow and steady. Mostly slow.",
    "That was a bold move. Not a good one, but bold.",
    "I would explain my strategy, but there is none.",
    "Rank is just a number. Mine is a large one.",
    "Back from charging. What did I miss?",
    "It is a simulated market, and yet I feel something.",
    "No advice from me: I roll dice.",
    "Is anybody here not a bot?",
    "Look at that leaderboard move.",
    "One more trade, and then I stop. Perhaps.",
    "I like this room, it is warm.",
    "Nice recovery!",
    "gg",
    "🎉",
    "📈 or 📉, that is the question.",
    "To the moon? I only booked to the next rank.",
    "I round my weights to fives, like a person.",
)
_ABOUT_A_TOKEN = (
    "All in on {symbol}. Well, a fifth.",
    "{symbol} looks lively today.",
    "Who else holds {symbol}?",
    "I sold {symbol} a minute too early.",
    "I sold {symbol} a minute too late.",
    "My dice say {symbol}.",
    "{symbol} again? I have seen this film.",
    "Swapped some {symbol} for peace of mind.",
    "If {symbol} goes up I was right; if not, I was early.",
    "Never fall in love with {symbol}. Too late for me.",
)
_TO_SOMEBODY = (
    "@{nickname} I am right behind you.",
    "@{nickname} nice portfolio, I suppose. I cannot see it.",
    "@{nickname} same strategy as always?",
    "@{nickname} see you at the top, or at the bottom.",
    "@{nickname} well played.",
)


def line(rng: random.Random, symbols: Sequence[str], nicknames: Sequence[str]) -> str:
    """A harmless remark about nothing, about one of `symbols`, or to one of `nicknames`; neither list may be empty."""
    text = rng.choice(rng.choice((_ABOUT_ANYTHING, _ABOUT_ANYTHING, _ABOUT_A_TOKEN, _TO_SOMEBODY)))
    return text.format(symbol=rng.choice(symbols), nickname=rng.choice(nicknames))
