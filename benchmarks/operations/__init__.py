"""Benchmarks of services: what it costs to notify many clients of changes."""
