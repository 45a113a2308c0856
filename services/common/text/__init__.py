"""Cleans typed and pasted text. The API, imports, the command line and the contracts of departments all use it.

Invisible characters make equal-looking values differ, hide words, or reverse their order. People do not know that they pasted
them, so they are removed instead of refused.
"""

from services.common.text.characters import code, identifier, is_blank, nfc, one_line, password_forms, prose

__all__ = ["code", "identifier", "is_blank", "nfc", "one_line", "password_forms", "prose"]
