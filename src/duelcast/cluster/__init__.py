"""Several nodes: the link between gateways and the leader, and what they say over it."""
