"""The contract of the endpoints: one model made from their declarations, and two printers. One makes an AsyncAPI
document for tools, the other Markdown tables for people.

Client types are made from the finished documents, as they are by clients of other languages."""
