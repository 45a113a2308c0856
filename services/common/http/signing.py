"""Signatures of internal calls and of their responses: HMAC-SHA-256 with the secret that our processes share.

The signature of a call covers the method, the target, the time, the SHA-256 of the body, and the headers that name an owner,
a file and its type. When the headers of a streamed body are sent, its SHA-256 is not known yet: `trailer` is signed instead,
and the body ends with `TRAILER_BYTES` bytes, the signature of the call with the SHA-256 of all bytes before them.

The signature of a response covers the signature of the call, the status and the SHA-256 of the body.

Within `WINDOW` seconds a recorded call can be sent again as it is. All internal calls are idempotent, so that changes nothing; only
an account that was imported again meanwhile gets its earlier line back.
"""

import hashlib
import hmac
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from functools import partial
from typing import Final

WINDOW: Final = 60
"""Maximum seconds between the signature's time and now, in either direction."""

STREAMED: Final = "trailer"
"""Signed instead of a digest if the body is streamed and ends with its signature."""

TRAILER_BYTES: Final = 64
"""Bytes of the signature at the end of a streamed body: hexadecimal."""

SIGNED_HEADERS: Final = ("content-type", "postigo-name", "postigo-owner", "postigo-quota")
"""Headers that the signature covers. An absent header is signed as empty."""


class SignatureRefused(Exception):
    """None of our processes signed this, it was changed, or the signature is too old."""


def sign(
    secret: bytes, method: str, target: str, *, body: bytes = b"", about: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The headers of a signed call. `target` is the path with the query, `about` the other headers of the call."""
    return _sign(secret, method, target, _digest(body), about)


def sign_stream(
    secret: bytes, method: str, target: str, *, body: AsyncIterable[bytes], about: Mapping[str, str] | None = None
) -> tuple[dict[str, str], AsyncIterator[bytes]]:
    """The headers of a signed call, and its body with the trailer. A `Content-Length` in `about` must count the trailer."""
    headers = _sign(secret, method, target, STREAMED, about)
    return headers, _with_trailer(body, partial(_of_call, secret, method, target, _lower(headers) | _lower(about)))


def verify(secret: bytes, method: str, target: str, headers: Mapping[str, str], body: bytes) -> None:
    """Raise `SignatureRefused` unless one of our processes signed the call with this body."""
    intact = headers.get("postigo-digest", "") == _digest(body)
    if not (intact and is_signed(secret, method, target, headers)):
        raise SignatureRefused


def verify_stream(
    secret: bytes, method: str, target: str, headers: Mapping[str, str], chunks: AsyncIterable[bytes]
) -> "SignedStream":
    """The content of a streamed body. Raise `SignatureRefused` unless one of our processes signed the headers."""
    if headers.get("postigo-digest", "") != STREAMED or not is_signed(secret, method, target, headers):
        raise SignatureRefused
    return SignedStream(chunks, partial(_of_call, secret, method, target, headers))


def is_signed(secret: bytes, method: str, target: str, headers: Mapping[str, str]) -> bool:
    """Whether the signature of these headers is valid and recent. It covers the body's digest, but not the body itself."""
    expected = _of_call(secret, method, target, headers, headers.get("postigo-digest", ""))
    moment = headers.get("postigo-time", "")
    fresh = moment.isascii() and moment.isdigit() and len(moment) < 16 and abs(time.time() - int(moment)) <= WINDOW
    return fresh and _equal(expected, headers.get("postigo-signature", ""))


def sign_response(secret: bytes, call_signature: str, status: int, body: bytes) -> str:
    """The signature of the response to the call with this signature."""
    return _hmac(secret, "response", call_signature, str(status), _digest(body))


def verify_response(
    secret: bytes, call: Mapping[str, str], status: int, headers: Mapping[str, str], body: bytes
) -> None:
    """Raise `SignatureRefused` unless one of our processes answered this to the call with the headers `call`."""
    expected = sign_response(secret, call["Postigo-Signature"], status, body)
    if not _equal(expected, headers.get("postigo-signature", "")):
        raise SignatureRefused


class SignedStream:
    """The content of a streamed body, without its trailer. `sha256` is that of the chunks so far.

    Iteration raises `SignatureRefused` at its end unless one of our processes signed exactly this content: until then
    nothing may be done with it that cannot be undone.
    """

    def __init__(self, chunks: AsyncIterable[bytes], signature: Callable[[str], str]) -> None:
        self._chunks = chunks
        self._signature = signature
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # The last bytes received so far are held back, because they may be the trailer.
        held = b""
        async for chunk in self._chunks:
            # A long chunk is held back whole: that copies nothing.
            ready, held = (held, chunk) if len(chunk) >= TRAILER_BYTES else _split(held + chunk)
            if ready:
                self._digest.update(ready)
                yield ready
        content, trailer = _split(held)
        self._digest.update(content)
        if not _equal(self._signature(self.sha256), trailer.decode("latin-1")):
            raise SignatureRefused
        if content:
            yield content


async def _with_trailer(body: AsyncIterable[bytes], signature: Callable[[str], str]) -> AsyncIterator[bytes]:
    digest = hashlib.sha256()
    async for chunk in body:
        digest.update(chunk)
        yield chunk
    yield signature(digest.hexdigest()).encode()


def _split(end: bytes) -> tuple[bytes, bytes]:
    """The bytes before a trailer, and the trailer."""
    at = max(len(end) - TRAILER_BYTES, 0)
    return end[:at], end[at:]


def _sign(secret: bytes, method: str, target: str, body_digest: str, about: Mapping[str, str] | None) -> dict[str, str]:
    moment = {"Postigo-Time": str(int(time.time()))}
    signature = _of_call(secret, method, target, _lower(about) | _lower(moment), body_digest)
    return {**moment, "Postigo-Digest": body_digest, "Postigo-Signature": signature}


def _of_call(secret: bytes, method: str, target: str, headers: Mapping[str, str], body_digest: str) -> str:
    signed = "\t".join(headers.get(name, "") for name in SIGNED_HEADERS)
    return _hmac(secret, method, target, headers.get("postigo-time", ""), body_digest, signed)


def _digest(body: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def _lower(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name.lower(): value for name, value in (headers or {}).items()}


def _hmac(secret: bytes, *parts: str) -> str:
    return hmac.new(secret, "\n".join(parts).encode(), hashlib.sha256).hexdigest()


def _equal(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())
