"""Live updates: facts are sent to open streams as they happen (server-sent events)."""
