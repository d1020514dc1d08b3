"""The contract of the endpoints: one model made from their declarations, and two printers, which make an AsyncAPI
document for tools and tables for people."""
