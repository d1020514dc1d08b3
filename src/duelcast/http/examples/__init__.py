"""Examples of the bodies of all operations, by the operation's id, for the OpenAPI document.

They tell the same story as the examples of messages.
"""

from __future__ import annotations

from collections.abc import Mapping

from duelcast.http.examples.contests import CONTESTS
from duelcast.http.examples.example import Example
from duelcast.http.examples.market import MARKET
from duelcast.http.examples.operations import OPERATIONS
from duelcast.http.examples.people import PEOPLE

EXAMPLES: Mapping[str, Example] = CONTESTS | MARKET | OPERATIONS | PEOPLE
