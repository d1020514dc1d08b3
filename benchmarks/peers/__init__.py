"""Servers built on other libraries that can do what the benchmark asks of our market endpoint."""
