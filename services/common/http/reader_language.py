"""The language of a response."""

from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from services.common.catalogue import Language
from services.common.http.languages import named, negotiate

LANGUAGE: Final = "postigo.language"
"""The key of an ASGI scope: the language of the signed-in account."""


def language_of(scope: Scope) -> Language:
    """The language of a response: the one that the headers name, else the account's, else what `negotiate` says."""
    accepted = Headers(scope=scope).get("accept-language")
    own: Language | None = scope.get(LANGUAGE)
    return negotiate(accepted) if own is None or named(accepted) is not None else own
