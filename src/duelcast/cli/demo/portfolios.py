"""Portfolios of the bots."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

MAX_TOKENS = 5
STEP = 5
"""Weights are multiples of it, as people choose them."""


def random_portfolio(rng: random.Random, symbols: Sequence[str]) -> list[dict[str, Any]]:
    """1 to 5 of `symbols`, of which there is at least one, with weights that sum to 100."""
    chosen = rng.sample(symbols, rng.randint(min(2, len(symbols)), min(MAX_TOKENS, len(symbols))))
    cuts = sorted(rng.sample(range(STEP, 100, STEP), len(chosen) - 1))
    weights = [end - begin for begin, end in zip([0, *cuts], [*cuts, 100], strict=True)]
    return [{"symbol": symbol, "weight": weight} for symbol, weight in zip(chosen, weights, strict=True)]
