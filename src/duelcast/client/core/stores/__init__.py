"""The values of the channels that a client follows."""
