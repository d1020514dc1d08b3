"""Asking a service from outside whether it is healthy, one file per kind of check."""
