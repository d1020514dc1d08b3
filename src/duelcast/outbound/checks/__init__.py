"""Checks from outside whether a service is healthy: one file per kind of check."""
