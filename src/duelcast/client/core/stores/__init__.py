"""What a client holds of what it follows."""
