"""The signature of an internal call: HMAC-SHA-256 over method, target, time, and what the call is about.

That is the headers which name an owner, a file and its type, and the digest of the body.

A streamed body is not signed (its digest is `-`): its bytes are hashed where they are stored.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Final

WINDOW: Final = 60
"""Seconds a signature stays good, to either side of its time."""

STREAMED: Final = "-"

ABOUT: Final = ("content-type", "postigo-name", "postigo-owner")
"""Headers that say what a call is about; an absent one is signed as absent."""


class SignatureRefused(Exception):
    """The call was not made by one of our own processes, or too long ago."""


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def sign(
    secret: bytes,
    method: str,
    target: str,
    *,
    body_digest: str = STREAMED,
    about: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Headers that prove the call. `target` is the path with its query, `about` the headers the call is sent with."""
    moment = str(int(time.time()))
    told = _about({name.lower(): value for name, value in (about or {}).items()})
    return {
        "Postigo-Time": moment,
        "Postigo-Digest": body_digest,
        "Postigo-Signature": _signature(secret, method, target, moment, body_digest, told),
    }


def verify(secret: bytes, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> None:
    """Raises `SignatureRefused` unless one of our own processes signed the call; `body` is None where it is streamed."""
    intact = headers.get("postigo-digest", "") == (STREAMED if body is None else digest(body))
    if not (intact and is_signed(secret, method, target, headers)):
        raise SignatureRefused


def is_signed(secret: bytes, method: str, target: str, headers: Mapping[str, str]) -> bool:
    """Whether the signature covers these headers, the digest of the body that they name included."""
    moment, named_digest = headers.get("postigo-time", ""), headers.get("postigo-digest", "")
    expected = _signature(secret, method, target, moment, named_digest, _about(headers))
    fresh = moment.isascii() and moment.isdigit() and len(moment) < 16 and abs(time.time() - int(moment)) <= WINDOW
    return fresh and hmac.compare_digest(expected.encode(), headers.get("postigo-signature", "").encode())


def _about(headers: Mapping[str, str]) -> str:
    return "\t".join(headers.get(name, "") for name in ABOUT)


def _signature(secret: bytes, *parts: str) -> str:
    return hmac.new(secret, "\n".join(parts).encode(), hashlib.sha256).hexdigest()
