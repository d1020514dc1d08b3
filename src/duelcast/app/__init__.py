"""The composition root: the only folder that names concrete implementations."""

from duelcast.app.application import App
from duelcast.app.leader import Claim
from duelcast.app.preparing import prepare
from duelcast.app.roles import serves_alone
from duelcast.app.running import Companion, run, run_workers

__all__ = ["App", "Claim", "Companion", "prepare", "run", "run_workers", "serves_alone"]
