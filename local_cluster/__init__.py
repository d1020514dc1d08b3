"""A cluster on one machine, for trying it and for tests: PostgreSQL, Valkey, a leader with a second candidate, and two
gateways. `make run-cluster` starts it."""
