"""The gateway: the public counter over HTTP, and the worker that keeps what people see up to date."""
