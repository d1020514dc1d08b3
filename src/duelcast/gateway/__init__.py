"""Sockets: the hand-over from the HTTP server, frames, sessions, and fan-out."""
