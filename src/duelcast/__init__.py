"""The real-time server of a trading-contest platform."""

from importlib.metadata import version

__version__ = version("duelcast")
