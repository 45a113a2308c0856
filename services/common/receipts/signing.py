"""Signs receipts. The first key signs; all are published, so that receipts of earlier keys can be verified."""

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.common.receipts.verification import ALGORITHM, TYPE, ReceiptClaims

SEED_BYTES: Final = 32


class ReceiptKeys:
    """`seeds`: those of the Ed25519 keys, 32 bytes each, the one that signs first."""

    def __init__(self, seeds: Sequence[bytes]) -> None:
        self._keys = [Ed25519PrivateKey.from_private_bytes(seed) for seed in seeds]
        self._public = [_public_key(each) for each in self._keys]

    @property
    def jwks(self) -> dict[str, Any]:
        """The public keys (RFC 7517)."""
        return {"keys": self._public}

    def sign(self, claims: ReceiptClaims) -> str:
        """The receipt as compact JWS."""
        payload = claims.model_dump_json(exclude_defaults=True).encode()
        headers = {"kid": self._public[0]["kid"], "typ": TYPE}
        return jwt.PyJWS().encode(payload, self._keys[0], algorithm=ALGORITHM, headers=headers)


def _public_key(key: Ed25519PrivateKey) -> dict[str, str]:
    """With its thumbprint (RFC 7638) as `kid`."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    required = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(raw)}
    thumbprint = hashlib.sha256(json.dumps(required, separators=(",", ":"), sort_keys=True).encode()).digest()
    return required | {"kid": _base64url(thumbprint), "use": "sig", "alg": ALGORITHM}


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
