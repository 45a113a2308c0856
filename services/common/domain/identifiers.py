"""Identifiers: derived, never drawn, so that whoever repeats a step arrives at the same name for it."""

import hashlib
import hmac
from functools import lru_cache
from typing import Final
from uuid import UUID

_NAME_SPACE: Final = UUID("9f1c1b1e-6f0a-5c0e-8a53-0d7f6f1c9a10").bytes
"""Of every identifier Postigo derives."""

_VARIANT: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
"""The two bits of a UUID that say which kind it is (RFC 9562), in its seventeenth hexadecimal digit."""

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O or U."""

_VALUES: Final = {symbol: value for value, symbol in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_BODY: Final = 10
_NISS_WEIGHTS: Final = (29, 23, 19, 17, 13, 11, 7, 5, 3, 2)


def derived_id(*parts: str | int) -> UUID:
    """UUIDv5 of the parts, for example (service, document key, cause, index)."""
    return UUID(bytes=_sha1(parts).digest()[:16], version=5)


def derived_text(*parts: str | int) -> str:
    """The same, written out: at half the cost, for the many ids that are only written."""
    drawn = _sha1(parts).hexdigest()
    return f"{drawn[:8]}-{drawn[8:12]}-5{drawn[13:16]}-{_VARIANT[drawn[16]]}{drawn[17:20]}-{drawn[20:32]}"


def _sha1(parts: tuple[str | int, ...]) -> "hashlib._Hash":
    return hashlib.sha1(_NAME_SPACE + "\x1f".join(map(str, parts)).encode(), usedforsecurity=False)


def keyed_id(secret: bytes, *parts: bytes) -> UUID:
    """128 bits of HMAC-SHA-256 over the parts, each preceded by its length so that no two lists collide."""
    message = b"".join([len(part).to_bytes(8, "big") + part for part in parts])
    return UUID(bytes=hmac.digest(secret, message, "sha256")[:16])


def _powers() -> tuple[int, ...]:
    """α¹…α¹⁰ in GF(2⁵) with x⁵ + x² + 1: distinct, none zero, none one."""
    power, found = 1, []
    for _ in range(_BODY):
        power <<= 1
        if power & 32:
            power ^= 0b100101
        found.append(power)
    return tuple(found)


def _times(left: int, right: int) -> int:
    product = 0
    while right:
        if right & 1:
            product ^= left
        left = (left << 1) ^ (0b100101 if left & 16 else 0)
        right >>= 1
    return product


_PRODUCTS: Final = tuple(tuple(_times(power, value) for value in range(32)) for power in _powers())


def _check(values: list[int]) -> int:
    """A weighted sum in GF(2⁵). Distinct non-zero weights catch every single error and every neighbour swap."""
    total = 0
    for products, value in zip(_PRODUCTS, values, strict=True):
        total ^= products[value]
    return total


@lru_cache(maxsize=8192)
def text_of(identifier: UUID) -> str:
    """The id written out. One is written several times in short order, at twice the cost of remembering it."""
    return str(identifier)


@lru_cache(maxsize=8192)
def reference_of(request_id: UUID) -> str:
    """The reference a person keeps, `PO-7K3QX-9M2TA-4`: the id's first 50 bits and a check symbol."""
    return _written(_first_values(request_id.int))


def parse_reference(typed: str) -> str | None:
    """The reference as we write it, from what somebody typed or read aloud; None when it cannot be one.

    Dashes, spaces and case do not matter; `O` is `0`, `I` and `L` are `1`.
    """
    symbols = "".join(character for character in typed.upper() if character not in " -\t")
    if len(symbols) == _BODY + 3 and symbols[0] == "P" and symbols[1] in "O0":
        symbols = symbols[2:]
    values = [_VALUES.get(symbol, -1) for symbol in symbols]
    if len(values) != _BODY + 1 or -1 in values or _check(values[:-1]) != values[-1]:
        return None
    return _written(values[:-1])


def _first_values(bits: int) -> list[int]:
    """The first 50 of 128 bits, five at a time."""
    return [bits >> (128 - 5 * (place + 1)) & 31 for place in range(_BODY)]


def _written(values: list[int]) -> str:
    body = "".join([ALPHABET[value] for value in values])
    return f"PO-{body[:5]}-{body[5:]}-{ALPHABET[_check(values)]}"


def valid_niss(typed: str) -> bool:
    """Whether the check digit of a social-security number fits. It misses 5 % of single wrong digits."""
    if len(typed) != 11 or not (typed.isascii() and typed.isdigit()) or typed[0] not in "12":
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_NISS_WEIGHTS, typed[:10], strict=True))
    return 9 - total % 10 == int(typed[10])


def support_code(trace_id: int) -> str:
    """The first ten base32 symbols of a 128-bit trace id: what a person reads to the help desk."""
    return "".join(ALPHABET[value] for value in _first_values(trace_id))
