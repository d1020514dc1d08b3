"""The services of the platform: their state, their errors, and commands for them."""
