"""What the Python client costs per message."""
