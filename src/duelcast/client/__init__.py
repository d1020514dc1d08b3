"""The client library. It is also distributed alone, without the server, of which it imports nothing."""
