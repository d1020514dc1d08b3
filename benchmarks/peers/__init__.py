"""Servers of other libraries that do the market's part of the work."""
