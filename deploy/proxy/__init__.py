"""nginx in front of the gateway: its configuration, and the problem documents of its own error responses."""
