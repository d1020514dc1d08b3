"""The cost of a message in the Python client."""
