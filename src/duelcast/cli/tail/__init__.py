"""`duelcast tail`: follows an endpoint. What to ask for, where it stands and when to come back is free of I/O."""
