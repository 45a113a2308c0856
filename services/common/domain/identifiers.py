"""Identifiers. They are derived, never random, so that a repeated step gives the same identifier."""

import hashlib
import hmac
import re
from functools import lru_cache
from typing import Final
from uuid import UUID

from services.common.text import identifier

_NAME_SPACE: Final = UUID("9f1c1b1e-6f0a-5c0e-8a53-0d7f6f1c9a10").bytes
"""The UUIDv5 name space of all derived identifiers."""

_VARIANT: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
"""Sets the two variant bits of a UUID (RFC 9562) in its seventeenth hexadecimal digit."""

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O or U."""

_VALUES: Final = {symbol: value for value, symbol in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_BODY: Final = 10
_REFERENCE_LABEL: Final = re.compile(r"REF(?:ER(?:Ê|E\u0302?)NCIA|ERENCE)?\W*", re.IGNORECASE)
_NISS_LABEL: Final = re.compile(r"NISS\W*", re.IGNORECASE)
"""What people copy along with a number, such as `Ref.:`."""

_NISS_WEIGHTS: Final = (29, 23, 19, 17, 13, 11, 7, 5, 3, 2)


def derived_id(*parts: str | int) -> UUID:
    """UUIDv5 of the parts, for example (service, document key, cause, index)."""
    return UUID(bytes=_sha1(parts).digest()[:16], version=5)


def derived_text(*parts: str | int) -> str:
    """`derived_id` as text, at half the cost."""
    digest = _sha1(parts).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"


def _sha1(parts: tuple[str | int, ...]) -> "hashlib._Hash":
    return hashlib.sha1(_NAME_SPACE + "\x1f".join(map(str, parts)).encode(), usedforsecurity=False)


def keyed_id(secret: bytes, *parts: bytes) -> UUID:
    """128 bits of HMAC-SHA-256 over the parts. Each part is prefixed with its length, so that different lists differ."""
    message = b"".join([len(part).to_bytes(8, "big") + part for part in parts])
    return UUID(bytes=hmac.digest(secret, message, "sha256")[:16])


def _powers() -> tuple[int, ...]:
    """α¹…α¹⁰ in GF(2⁵) with x⁵ + x² + 1: distinct, none zero, none one."""
    power, powers = 1, []
    for _ in range(_BODY):
        power <<= 1
        if power & 32:
            power ^= 0b100101
        powers.append(power)
    return tuple(powers)


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
    """The check value: a weighted sum in GF(2⁵). Distinct non-zero weights detect every single error, and every swap of
    neighbours.
    """
    total = 0
    for products, value in zip(_PRODUCTS, values, strict=True):
        total ^= products[value]
    return total


@lru_cache(maxsize=8192)
def text_of(identifier: UUID) -> str:
    """The id as text. Cached, because one id is formatted several times in a short time."""
    return str(identifier)


@lru_cache(maxsize=8192)
def reference_of(request_id: UUID) -> str:
    """The reference that a person gets, such as `PO-7K3QX-9M2TA-B`: the id's first 50 bits and a check symbol."""
    return _format_reference(_first_values(request_id.int))


def parse_reference(typed: str) -> str | None:
    """The canonical reference for what a person typed or pasted; None if it is not a valid reference.

    Case, dashes, underscores, blanks, invisible characters, punctuation around it and a label before it (`Ref.:`) are ignored.
    `O` is read as `0`, `I` and `L` as `1`. A text that is valid with its first letters has no label.
    """
    symbols = identifier(typed).upper()
    label = _REFERENCE_LABEL.match(symbols)
    return _parse_symbols(symbols) or (_parse_symbols(symbols[label.end() :]) if label else None)


def _parse_symbols(symbols: str) -> str | None:
    if len(symbols) == _BODY + 3 and symbols[0] == "P" and symbols[1] in "O0":
        symbols = symbols[2:]
    values = [_VALUES.get(symbol, -1) for symbol in symbols]
    if len(values) != _BODY + 1 or -1 in values or _check(values[:-1]) != values[-1]:
        return None
    return _format_reference(values[:-1])


def _first_values(bits: int) -> list[int]:
    """The first 50 of 128 bits, as ten numbers of five bits."""
    return [bits >> (128 - 5 * (index + 1)) & 31 for index in range(_BODY)]


def _format_reference(values: list[int]) -> str:
    body = "".join([ALPHABET[value] for value in values])
    return f"PO-{body[:5]}-{body[5:]}-{ALPHABET[_check(values)]}"


def clean_niss(typed: str) -> str:
    """The digits of a number as it was typed or pasted, without what is ignored in a reference and without the label `NISS`."""
    symbols = identifier(typed)
    label = _NISS_LABEL.match(symbols)
    return symbols[label.end() :] if label else symbols


def valid_niss(typed: str) -> bool:
    """Whether the check digit of a Portuguese social-security number is right. It misses 5 % of single wrong digits."""
    if len(typed) != 11 or not (typed.isascii() and typed.isdigit()) or typed[0] not in "12":
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_NISS_WEIGHTS, typed[:10], strict=True))
    return 9 - total % 10 == int(typed[10])


def support_code(trace_id: int) -> str:
    """The first ten base32 symbols of a 128-bit trace id. A person gives this code to the help desk."""
    return "".join(ALPHABET[value] for value in _first_values(trace_id))
