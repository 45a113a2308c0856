"""Signed tokens. They are not encrypted: clients can read them but cannot make valid ones."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hashlib import blake2b
from hmac import compare_digest

_MAC = 16


def sign(secret: bytes, purpose: bytes, payload: bytes) -> str:
    """A 128-bit MAC and `payload`, in URL-safe base64. Valid for `purpose` only."""
    return urlsafe_b64encode(_mac(secret, purpose, payload) + payload).rstrip(b"=").decode()


def verify(secret: bytes, purpose: bytes, token: str) -> bytes | None:
    """The payload of a token that `sign` made for `purpose`; None for any other text."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (Error, UnicodeEncodeError):
        return None
    mac, payload = raw[:_MAC], raw[_MAC:]
    return payload if compare_digest(mac, _mac(secret, purpose, payload)) else None


def _mac(secret: bytes, purpose: bytes, payload: bytes) -> bytes:
    """Keyed BLAKE2b (RFC 7693)."""
    return blake2b(b"%d %b%b" % (len(purpose), purpose, payload), key=secret[:64], digest_size=_MAC).digest()
