"""`python -m duelcast.cli`, where the command is not on the path."""

from duelcast.cli import main

main()
