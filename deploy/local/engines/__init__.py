"""The engines of the local stack, each in its own process: `python -m deploy.local.engines.NAME`."""
