"""Tests that the benchmarks detect what they are meant to detect."""
