"""Runs the handlers of the endpoints: takes requests from the nodes that hold connections, and answers with data."""
