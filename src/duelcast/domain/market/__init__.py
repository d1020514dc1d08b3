"""Tokens, prices, volumes and sentiment."""
