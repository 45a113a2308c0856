"""What every room shares: contracts, catalogue, messaging, store, telemetry. Nothing here knows one service."""
