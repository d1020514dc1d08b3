"""The other end of a connection, as an HTTP request shows it: its address behind proxies, and its origin."""
