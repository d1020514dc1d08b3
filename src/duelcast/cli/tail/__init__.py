"""`duelcast tail`: follows an endpoint with the client library."""
