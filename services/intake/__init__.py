"""Intake registers requests. It owns the state of every request and publishes all its lifecycle facts."""
