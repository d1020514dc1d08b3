"""The composition root: the only folder that names concrete implementations."""

from duelcast.app.application import App, Claim
from duelcast.app.documents import asyncapi_document
from duelcast.app.preparing import prepare
from duelcast.app.running import Companion, run

__all__ = ["App", "Claim", "Companion", "asyncapi_document", "prepare", "run"]
