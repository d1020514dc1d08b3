"""Measurements of the server, and of others beside it."""
