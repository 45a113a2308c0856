"""The gateway: the public HTTP API, and the worker that keeps the request views up to date."""
