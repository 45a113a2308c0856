"""Shared by all services: contracts, catalogue, kernel, store, HTTP, telemetry. Nothing here depends on a service."""
