"""`duelcast events`: what users did, for those who count it elsewhere."""
