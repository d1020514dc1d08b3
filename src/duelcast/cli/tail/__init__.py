"""`duelcast tail`: follows an endpoint. The logic of targets, positions and reconnecting does no I/O."""
