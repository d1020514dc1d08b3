"""Runs the handlers of the endpoints: asked by the node of a connection, answers with data."""
