"""Runs the command as `python -m duelcast.cli`, for when `duelcast` is not on the path."""

from duelcast.cli import main

main()
