"""Types that `make docs` makes from the documents of the server."""
