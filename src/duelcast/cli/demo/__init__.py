"""`duelcast demo`: a server, and bots as its first users."""
