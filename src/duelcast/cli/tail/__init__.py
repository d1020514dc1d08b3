"""`duelcast tail`: follows an endpoint. Targets, positions and reconnecting are decided without I/O."""
