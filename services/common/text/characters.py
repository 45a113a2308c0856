"""Cleaning by Unicode categories. Pure: the standard library alone."""

import re
import unicodedata
from typing import Final

_FILLERS: Final = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")
"""Letters, marks and symbols that are invisible, although their Unicode category does not say so."""

_BLANK_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
_BLANK_ALONE: Final = _BLANK_CATEGORIES | {"Mn"}
"""Marks are drawn over the character before them; without one they are hardly visible."""

_OTHER_DASHES: Final = frozenset("\u02d7\u2043\u2212")
"""Characters that look like a dash, beside those of the category Pd: modifier minus, hyphen bullet, minus sign."""

_LINE_END: Final = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_NOT_IN_PROSE: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb]"
)
"""Control characters, direction marks (which can reverse the order of words), and byte order marks. Joiners, soft hyphens and
zero-width spaces stay: scripts and emoji need them.
"""

JOINERS: Final = re.compile("[\u200c\u200d]+")
"""Zero-width non-joiner and joiner."""

_JOINING_SCRIPTS: Final = frozenset(
    {
        *("ADLAM", "ARABIC", "BALINESE", "BENGALI", "BRAHMI", "CHAKMA", "DEVANAGARI", "GRANTHA", "GUJARATI"),
        *("GURMUKHI", "JAVANESE", "KAITHI", "KANNADA", "KHMER", "MALAYALAM", "MANDAIC", "MANICHAEAN", "MONGOLIAN"),
        *("MYANMAR", "NEWA", "NKO", "ORIYA", "PHAGS-PA", "SINHALA", "SYRIAC", "TAMIL", "TELUGU", "TIBETAN", "TIRHUTA"),
    }
)
"""Scripts whose spelling uses joiners, as Unicode's character names begin."""

_LONGEST_RUN: Final = 30
"""Marks on one letter in any script (Unicode Standard Annex 15, section 13). Sorting more of them takes quadratic time."""

_LONGEST_TYPED: Final = 1_000
"""Characters. Longer text is no identifier and no code; cleaning all that a body may have takes up to 50 ms."""

_VIRAMA: Final = 9
"""The combining class of signs that join consonants."""


def identifier(text: str) -> str:
    """A number or reference without blanks, dashes, underscores, invisible characters and the punctuation around it; full-width
    letters and all decimal digits as ASCII. `«12 345–678_910».` gives `12345678910`. Text of more than 1 000 characters stays as
    it is.
    """
    if len(text) > _LONGEST_TYPED or (text.isascii() and text.isalnum()):
        return text
    return "".join(_ascii(each) for each in _without_surroundings(text) if not _is_separator(each))


def code(text: str) -> str:
    """A code in ASCII, without invisible characters: `FAM‑01`, `FAM - 01` and `FAM 01` all give `FAM-01`. Text of more than
    1 000 characters stays as it is.
    """
    if len(text) > _LONGEST_TYPED:
        return text
    kept = (each for each in text if each.isspace() or not _is_invisible(each))
    separated = "".join("-" if each.isspace() or _is_dash(each) else _ascii(each) for each in kept)
    return "-".join(filter(None, separated.split("-")))


def one_line(text: str, longest: int | None = None) -> str:
    """The name of a person, company or file, or a heading, in NFC: white space as single spaces, and at most `longest`
    characters. Control, formatting, surrogate, private and unassigned characters are removed; a joiner stays where its script
    needs it.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())[:longest].rstrip()
    visible = "".join(" " if each.isspace() else each for each in text if _is_in_names(each))
    line = " ".join(nfc(JOINERS.sub(_needed, visible)).split())
    # A cut may separate a joiner from the letter after it.
    return JOINERS.sub(_needed, line[:longest]).rstrip()


def prose(text: str) -> str:
    """What somebody wrote, as they wrote it: each line end as one character, without control and direction characters."""
    return _NOT_IN_PROSE.sub("", _LINE_END.sub("\n", text))


def is_blank(text: str) -> bool:
    """Whether the text has no visible character."""
    return all(each in _FILLERS or unicodedata.category(each) in _BLANK_ALONE for each in text)


def nfc(text: str) -> str:
    """The text with each accent and its letter as one character where there is one (Unicode's composed form). Text with more
    than 30 marks on one letter is no writing, and stays as it is.
    """
    return unicodedata.normalize("NFC", text) if text.isascii() or _is_writing(text) else text


def _is_writing(text: str) -> bool:
    marks = 0
    for each in text:
        marks = marks + 1 if unicodedata.combining(each) else 0
        if marks > _LONGEST_RUN:
            return False
    return True


def password_forms(password: str) -> tuple[str, ...]:
    """The Unicode forms in which a keyboard may have sent this password, each once. The first, NFC, is the one to store."""
    forms = (nfc(password), password, unicodedata.normalize("NFD", password))
    return tuple(dict.fromkeys(forms))


def ascii_punctuation(text: str) -> str:
    """Full-width characters as ASCII, every dash as `-`, and nothing invisible but blanks and joiners that a script needs."""
    kept = (each for each in text if each.isspace() or JOINERS.fullmatch(each) or not _is_invisible(each))
    return JOINERS.sub(_needed, "".join("-" if _is_dash(each) else _narrow(each) for each in kept))


def _needed(joiner: re.Match[str]) -> str:
    """The joiner if its neighbours need it: letters or marks of one script, or a virama before it."""
    start, end, text = joiner.start(), joiner.end(), joiner.string
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    script = _script(before)
    if script not in _JOINING_SCRIPTS:
        return ""
    return joiner[0][0] if _script(after) == script or unicodedata.combining(before) == _VIRAMA else ""


def _script(character: str) -> str:
    """The first word of a letter's or mark's name, such as `SINHALA`; empty for any other character."""
    if not character or unicodedata.category(character)[0] not in "LM":
        return ""
    return unicodedata.name(character, "").partition(" ")[0]


def _is_in_names(character: str) -> bool:
    if character.isspace() or JOINERS.fullmatch(character):
        return True
    return unicodedata.category(character)[0] != "C" and character not in _FILLERS


def _is_invisible(character: str) -> bool:
    """Also variation selectors: they change how the character before them looks, not what it is."""
    selector = "\ufe00" <= character <= "\ufe0f"
    return selector or character in _FILLERS or unicodedata.category(character) in _BLANK_CATEGORIES


def _without_surroundings(text: str) -> str:
    """The text without punctuation, symbols, blanks and invisible characters at its ends: people copy those from the sentence
    around it.
    """
    kept = [index for index, each in enumerate(text) if not _is_around(each)]
    return text[kept[0] : kept[-1] + 1] if kept else ""


def _is_around(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS" or _is_invisible(character)


def _is_separator(character: str) -> bool:
    return _is_invisible(character) or _is_dash(character) or unicodedata.category(character) == "Pc"


def _is_dash(character: str) -> bool:
    return unicodedata.category(character) == "Pd" or character in _OTHER_DASHES


def _ascii(character: str) -> str:
    """An ASCII digit for a decimal digit of any script, an ASCII character for a full-width one."""
    digit = unicodedata.decimal(character, None)
    return _narrow(character) if digit is None else str(digit)


def _narrow(character: str) -> str:
    return chr(ord(character) - 0xFEE0) if "\uff01" <= character <= "\uff5e" else character
