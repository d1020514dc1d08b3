"""What the dearest messages and requests cost a server, and how much they bring back."""
