"""Channels, which are named and numbered streams of messages, and the bus that carries them."""
