"""Examples of the bodies of all operations, by the operation's id, for the OpenAPI document.

They tell of one evening: Mira, an admin, organises a contest with SOL and BTC, in which Ada, Bruno and Chidi take part.
"""

from __future__ import annotations

from collections.abc import Mapping

from duelcast.http.examples.contests import CONTESTS
from duelcast.http.examples.market import MARKET
from duelcast.http.examples.operations import OPERATIONS
from duelcast.http.examples.people import PEOPLE
from duelcast.http.examples.story import Example

EXAMPLES: Mapping[str, Example] = CONTESTS | MARKET | OPERATIONS | PEOPLE
