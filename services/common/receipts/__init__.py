"""Receipts that anybody can verify: signed with Ed25519 as JWS (RFC 7515, RFC 8037)."""
