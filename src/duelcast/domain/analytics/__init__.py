"""Tracked events, active users, and figures of the server (protocol §11)."""
