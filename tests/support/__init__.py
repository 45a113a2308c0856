"""Shared by tests: waiting for a condition, reading whole topics, interrupting connections."""
