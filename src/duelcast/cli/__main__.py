"""`python -m duelcast.cli`, if the command is not on the path."""

from duelcast.cli import main

main()
