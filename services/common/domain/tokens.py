"""Tokens: whoever holds one may act. They are stored as hashes. Pure."""

import hashlib
import secrets


def new_token() -> str:
    """A token of a session or a department: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """The SHA-256 of a token, stored instead of the token. Tokens are random, so they need no salt or slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
