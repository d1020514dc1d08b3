"""`duelcast events`: what users did, for analysis by other programs."""
