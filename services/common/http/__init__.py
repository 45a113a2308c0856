"""Shared parts of the HTTP APIs: problem documents, bounded bodies, and the signatures of internal calls."""
