"""E-mail addresses that the mailer can write to, by RFC 5321 and IDNA 2008. Nothing is looked up.

The standard library's `idna` codec is that of 2003: it sends mail for `straße.example` to `strasse.example`, another domain.
"""

import re
from typing import Final, NamedTuple

import idna
from email_validator import EmailNotValidError, validate_email

from services.common.text.characters import JOINERS, ascii_punctuation

MAX_EMAIL: Final = 254
MAX_LOCAL_PART: Final = 64

_BLANKS_AT_SIGN: Final = re.compile(r"\s*@\s*")
_BLANKS: Final = "".join(filter(str.isspace, map(chr, range(0x3001))))
_BEFORE: Final = _BLANKS + '<([«»‹›“”„‘’"'
"""What may stand before a pasted address. No local part that is accepted begins with it."""

_AFTER: Final = _BLANKS + ">)]}»›“”’'\"`*_.,;:!?/…"
"""What may stand after a pasted address. No domain ends with it."""

_PAIRED: Final = frozenset("'`*_")
"""A local part may begin with these, so they go only where the same sign stands after the address."""

_SCHEME: Final = "mailto:"
_BLANK: Final = re.compile(r"\s")


class EmailAddress(NamedTuple):
    """`readable` is for people, `ascii` for mail servers: their domains are the same one."""

    readable: str
    ascii: str


class NotAnAddress(ValueError):
    """`code` says what is wrong, for `field_errors`."""

    def __init__(self, code: str) -> None:
        super().__init__(f"not an e-mail address: {code}")
        self.code = code


def parse_email_address(typed: str) -> EmailAddress:
    """The address that was typed or pasted. Raises `NotAnAddress` for one that mail cannot reach.

    Only the part after the @ may have letters beyond ASCII: many servers do not accept them before it (SMTPUTF8).
    """
    address = _without_surroundings(_BLANKS_AT_SIGN.sub("@", ascii_punctuation(typed)))
    try:
        return _with_joiners(address) if JOINERS.search(address) else _validated(address)
    except (EmailNotValidError, UnicodeError):
        raise NotAnAddress(_what_is_wrong(address)) from None


def _without_surroundings(text: str) -> str:
    """The address without the brackets, quotation marks and full stops of the sentence around it."""
    address = text.lstrip(_BEFORE)
    if address[: len(_SCHEME)].lower() == _SCHEME:
        address = address[len(_SCHEME) :].lstrip(_BLANKS)
    kept = address.rstrip(_AFTER)
    is_pair = kept[:1] in _PAIRED and kept[:1] in address[len(kept) :]
    return kept[1:] if is_pair else kept


def _validated(address: str) -> EmailAddress:
    found = validate_email(address, check_deliverability=False, allow_smtputf8=False, strict=True)
    return EmailAddress(found.normalized, found.ascii_email or "")


def _with_joiners(address: str) -> EmailAddress:
    """`email-validator` refuses joiners as unsafe, but they are part of some domains (RFC 5892, appendix A.1 and A.2)."""
    local_part = _validated(JOINERS.sub("", address)).ascii.rpartition("@")[0]
    domain = address.rpartition("@")[2]
    in_ascii = f"{local_part}@{idna.encode(domain, uts46=True, transitional=False).decode()}"
    return EmailAddress(f"{local_part}@{domain}", _validated_length(in_ascii))


def _validated_length(address: str) -> str:
    if len(address) > MAX_EMAIL:
        raise NotAnAddress("email_too_long")
    return address


def _what_is_wrong(address: str) -> str:
    local_part, _, domain = address.rpartition("@")
    if not local_part or not domain or "@" in local_part:
        return "email_at"
    if _BLANK.search(address):
        return "email_blank"
    if len(local_part) > MAX_LOCAL_PART or len(address) > MAX_EMAIL:
        return "email_too_long"
    try:
        validate_email(f"a@{domain}", check_deliverability=False)
    except (EmailNotValidError, UnicodeError):
        return "email_domain"
    return "email_local"
