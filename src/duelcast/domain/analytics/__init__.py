"""Tracked events, who is active, and what the server does (protocol 11)."""
