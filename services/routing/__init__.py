"""Routing assigns each request to a department and records why. Only routing reads and writes department topics."""
