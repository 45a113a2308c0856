"""nginx in front of the gateway: its configuration, and its own refusals as problem documents."""
