"""The engines of the embedded stack, each a process of its own: `python -m deploy.local.engines.NAME`."""
