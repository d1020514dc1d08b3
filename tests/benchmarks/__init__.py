"""The benchmark sees what it is there to see."""
