"""Cleaning as a part of a field's type, so that no entry can forget it."""

from collections.abc import Callable
from typing import Any

from pydantic import BeforeValidator


def cleaned(clean: Callable[[str], str]) -> BeforeValidator:
    """Put it last in `Annotated`: it then runs first, and limits count the characters that remain."""

    def validate(value: Any) -> Any:
        return clean(value) if isinstance(value, str) else value

    return BeforeValidator(validate)
