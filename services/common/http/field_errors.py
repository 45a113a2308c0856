"""Errors of single fields: a code for programs, a sentence for people, and a pointer to the field. Never the value."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from services.common.catalogue import Language
from services.common.domain.json_names import is_nameable
from services.common.http.field_texts import TEXTS
from services.common.http.languages import Words, any_of

_CODES: Final = {
    "missing": "required",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "string_type": "not_text",
    "string_unicode": "not_storable",
    "value_error": "not_storable",
    "string_pattern_mismatch": "format",
    "too_long": "too_many",
    "uuid_type": "not_uuid",
    "uuid_parsing": "not_uuid",
    "uuid_version": "not_uuid",
    "literal_error": "not_listed",
    "enum": "not_listed",
    "int_type": "not_number",
    "int_parsing": "not_number",
    "int_from_float": "not_number",
    "int_parsing_size": "too_big",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_big",
    "date_parsing": "not_day",
    "date_from_datetime_parsing": "not_day",
    "bool_parsing": "not_bool",
    "list_type": "not_list",
    "tuple_type": "not_list",
    "model_type": "not_object",
    "model_attributes_type": "not_object",
    "dict_type": "not_object",
    "extra_forbidden": "unknown_field",
    "json_invalid": "not_json",
}
_FORMATS: Final = {
    "application/json": "JSON",
    "application/pdf": "PDF",
    "image/jpeg": "JPEG",
    "image/png": "PNG",
}
"""The names that people know, by media type."""

_ACCEPTED: Final = Words("Aceita-se", "Accepted:")
_ALL_ACCEPTED: Final = Words("Aceitam-se", "Accepted:")

MAX_ERRORS: Final = 50
"""Errors in one response. A body may have thousands of unknown fields."""

_MOST_READ: Final = 10 * MAX_ERRORS
"""Of Pydantic's errors, which name declared fields first. Some become the same error: that of a name that is not repeated."""

_LIMITS: Final = ("max_length", "min_length", "ge", "le")
_QUOTED: Final = re.compile("'([^']*)'")
"""Finds the accepted values in Pydantic's text, such as `'pt' or 'en'`."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error of one field. `pointer` (RFC 6901) locates it in the body; for a path or query parameter or a header,
    `parameter` names it instead.

    `names` are the accepted values, never what was sent. `position` has the line and the column, from 1, of an error in JSON.
    """

    code: str
    pointer: str | None = None
    parameter: str | None = None
    limit: int | None = None
    names: tuple[str, ...] = ()
    position: tuple[int, int] | None = None

    def to_body(self, language: Language) -> dict[str, object]:
        """The error as an item of a problem document's `errors`."""
        place = {"pointer": self.pointer or ""} if self.parameter is None else {"parameter": self.parameter}
        accepted = {"accepted": list(self.names)} if self.names else {}
        position = dict(zip(("line", "column"), self.position, strict=True)) if self.position else {}
        return {**place, "code": self.code, "detail": self.text(language), **accepted, **position}

    def text(self, language: Language) -> str:
        """The sentence for people."""
        line, column = self.position or (None, None)
        return (
            TEXTS[self.code]
            .in_(language)
            .format(
                limit=self.limit,
                line=line,
                column=column,
                size=_size(self.limit or 0),
                names=any_of([_FORMATS.get(name, name) for name in self.names], language),
                accepted=(_ACCEPTED if len(self.names) == 1 else _ALL_ACCEPTED).in_(language),
            )
        )


def refuse(code: str, **limit: int) -> PydanticCustomError:
    """The exception that a validator raises to reject a field with one of our codes. `limit` is named like Pydantic's."""
    assert code in TEXTS
    return PydanticCustomError("postigo", "{code}", {"code": code, **limit})


def errors_of(error: ValidationError, model: type[BaseModel]) -> list[FieldError]:
    """Pydantic's errors about `model` as field errors, without duplicates."""
    return _body_errors(error.errors(include_url=False, include_input=False), model)


def request_errors(errors: Iterable[ErrorDetails | dict[str, Any]], body: type[BaseModel]) -> list[FieldError]:
    """The field errors of a request that FastAPI rejected: pointers for the body, names for parameters and headers."""
    errors = list(islice(errors, _MOST_READ))
    in_body = [{**each, "loc": each["loc"][1:]} for each in errors if each["loc"][0] == "body"]
    others = [_error(each, None, _parameter(each["loc"])) for each in errors if each["loc"][0] != "body"]
    return [*others, *_body_errors(in_body, body)][:MAX_ERRORS]


def _parameter(loc: tuple[int | str, ...]) -> str:
    name = str(loc[1]) if len(loc) > 1 else ""
    if loc[0] == "header":
        return name.title()
    return name if is_nameable(name) else ""


def _body_errors(errors: Iterable[ErrorDetails | dict[str, Any]], model: type[BaseModel]) -> list[FieldError]:
    field_errors = [
        _unknown(each["loc"], model)
        if each["type"] == "extra_forbidden"
        else _error(each, _pointer(each["loc"], model))
        for each in errors
    ]
    return list(dict.fromkeys(field_errors))


def _error(error: ErrorDetails | dict[str, Any], pointer: str | None, parameter: str | None = None) -> FieldError:
    context = error.get("ctx") or {}
    # For a text that another validator has already processed, Pydantic says "Value" and "items" instead of "string".
    kind = f"string_{error['type']}" if context.get("field_type") == "Value" else error["type"]
    code = context["code"] if kind == "postigo" else _CODES.get(kind, "invalid")
    if kind == "string_too_short" or (code == "format" and context.get("pattern") == r"\S"):
        code = "blank" if context.get("min_length", 1) == 1 else code
    limit = next((int(context[name]) for name in _LIMITS if name in context), None)
    names = tuple(_QUOTED.findall(context["expected"])) if code == "not_listed" else tuple(context.get("names", ()))
    return FieldError(code, pointer, parameter, limit, names)


def _unknown(path: tuple[int | str, ...], model: type[BaseModel]) -> FieldError:
    """The error of an unknown field, which names it if its name looks like one."""
    name = str(path[-1])
    named = f"/{name}" if is_nameable(name) else ""
    pointer, inner = _walk(path[:-1], model)
    names = tuple(inner.model_fields)
    return FieldError("unknown_field" if names else "no_fields", pointer + named, names=names)


def _size(count: int) -> str:
    """A number of bytes, in the largest unit that divides it."""
    for unit, length in (("MB", 1024 * 1024), ("KB", 1024)):
        if count and count % length == 0:
            return f"{count // length} {unit}"
    return f"{count} bytes"


def _pointer(path: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """The JSON pointer (RFC 6901) of a place in the body, without names that the model does not have."""
    return _walk(path, model)[0]


def _walk(path: tuple[int | str, ...], model: type[BaseModel]) -> tuple[str, type[BaseModel]]:
    """The pointer of a place in the body, and the model that is there."""
    pointer = ""
    for part in path:
        if isinstance(part, int):
            pointer += f"/{part}"
        elif part in model.model_fields:
            pointer += f"/{part}"
            model = next(_models(model.model_fields[part].annotation), model)
    return pointer, model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in a field's type, such as that of a list's items."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models(each)
