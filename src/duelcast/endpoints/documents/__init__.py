"""The contract of the endpoints: one model made from their declarations, and its printers, the AsyncAPI document for
tools and tables for people."""
