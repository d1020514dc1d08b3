"""Benchmarks of users: what it costs to track what they do, and to notify them."""
