"""Sockets: upgrades, frames, sessions and fan-out."""
