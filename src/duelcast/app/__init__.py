"""The composition root: the only folder that names concrete implementations."""

from duelcast.app.application import App, Claim
from duelcast.app.preparing import prepare
from duelcast.app.running import Companion, run

__all__ = ["App", "Claim", "Companion", "prepare", "run"]
