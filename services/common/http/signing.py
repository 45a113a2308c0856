"""Signatures of internal calls: HMAC-SHA-256 over the method, the target, the time, the body's digest, and the headers
that name an owner, a file and its type.

A streamed body is not signed (its digest is `-`). Its bytes are hashed when they are stored.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Final

WINDOW: Final = 60
"""Maximum seconds between the signature's time and now, in either direction."""

STREAMED: Final = "-"
"""The digest of a body that is streamed."""

SIGNED_HEADERS: Final = ("content-type", "postigo-name", "postigo-owner")
"""Headers that the signature covers. An absent header is signed as empty."""


class SignatureRefused(Exception):
    """None of our processes signed the call, or the signature is too old."""


def sign(
    secret: bytes,
    method: str,
    target: str,
    *,
    body: bytes | None = None,
    about: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The headers of a signed call. `target` is the path with the query, `about` the other headers of the call.

    `body` is None if it is streamed.
    """
    moment, body_digest = str(int(time.time())), _digest(body)
    signed = _signed_values({name.lower(): value for name, value in (about or {}).items()})
    return {
        "Postigo-Time": moment,
        "Postigo-Digest": body_digest,
        "Postigo-Signature": _signature(secret, method, target, moment, body_digest, signed),
    }


def verify(secret: bytes, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> None:
    """Raise `SignatureRefused` unless one of our processes signed the call. `body` is None if it is streamed."""
    intact = headers.get("postigo-digest", "") == _digest(body)
    if not (intact and is_signed(secret, method, target, headers)):
        raise SignatureRefused


def is_signed(secret: bytes, method: str, target: str, headers: Mapping[str, str]) -> bool:
    """Whether the signature of these headers is valid and recent. It covers the body's digest, but not the body itself."""
    moment, body_digest = headers.get("postigo-time", ""), headers.get("postigo-digest", "")
    expected = _signature(secret, method, target, moment, body_digest, _signed_values(headers))
    fresh = moment.isascii() and moment.isdigit() and len(moment) < 16 and abs(time.time() - int(moment)) <= WINDOW
    return fresh and hmac.compare_digest(expected.encode(), headers.get("postigo-signature", "").encode())


def _digest(body: bytes | None) -> str:
    """SHA-256 in hexadecimal, or `STREAMED`."""
    return STREAMED if body is None else hashlib.sha256(body).hexdigest()


def _signed_values(headers: Mapping[str, str]) -> str:
    return "\t".join(headers.get(name, "") for name in SIGNED_HEADERS)


def _signature(secret: bytes, *parts: str) -> str:
    return hmac.new(secret, "\n".join(parts).encode(), hashlib.sha256).hexdigest()
