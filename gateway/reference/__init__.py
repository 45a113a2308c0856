"""The API page at `/docs`: the OpenAPI description as plain HTML that loads nothing from other servers."""
