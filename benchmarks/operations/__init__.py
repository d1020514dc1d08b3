"""What it costs to tell many clients of many services."""
