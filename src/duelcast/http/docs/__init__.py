"""The documentation site: pages that the server makes once from the AsyncAPI and the OpenAPI document and from the
guides, so that they can be read without JavaScript."""
