"""Operator commands: redrive and discard dead letters, replay records, rebuild views. Their output is in `deploy/cli`."""
