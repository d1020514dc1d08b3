"""What the endpoints declare, written down: the AsyncAPI document for tools, a page for people."""
