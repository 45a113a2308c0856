"""Intake: the register. It owns the life of a request and says every fact of it."""
