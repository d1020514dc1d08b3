"""Benchmarks of our server, some of them compared with other servers."""
