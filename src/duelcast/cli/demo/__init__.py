"""`duelcast demo`: a server, and bots that are its first users."""
