"""Errors of single fields: a code for programs, a sentence for people, and a pointer to the field. Never the value."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from services.common.catalogue import Language
from services.common.http.languages import Words, any_of

TEXTS: Final[dict[str, Words]] = {
    "required": Words("Este campo é obrigatório.", "This field is required."),
    "blank": Words("Escreva pelo menos uma palavra.", "Write at least one word."),
    "too_long": Words("No máximo {limit} caracteres.", "At most {limit} characters."),
    "too_short": Words("No mínimo {limit} caracteres.", "At least {limit} characters."),
    "too_many": Words("No máximo {limit} elementos.", "At most {limit} items."),
    "too_small": Words("O menor valor aceite é {limit}.", "The smallest value accepted is {limit}."),
    "too_big": Words("O maior valor aceite é {limit}.", "The largest value accepted is {limit}."),
    "repeated": Words("O mesmo elemento aparece mais do que uma vez.", "The same item appears more than once."),
    "header_repeated": Words("Esta parte do envio só pode vir uma vez.", "This part may be sent only once."),
    "host": Words(
        "O endereço deste serviço falta no pedido, ou vem repetido ou mal escrito.",
        "The request does not name this service's address, names it twice, or misspells it.",
    ),
    "not_text": Words("Tem de ser texto.", "It must be text."),
    "not_number": Words("Tem de ser um número inteiro.", "It must be a whole number."),
    "not_list": Words("Tem de ser uma lista.", "It must be a list."),
    "not_object": Words("Tem de ser um conjunto de campos.", "It must be a set of fields."),
    "not_json": Words("Não é JSON em UTF-8.", "It is not JSON in UTF-8."),
    "not_uuid": Words(
        "Este identificador não está certo: copie-o tal como o recebeu.",
        "This identifier is not right: copy it as you were given it.",
    ),
    "not_storable": Words("Contém um carácter que não se pode guardar.", "It holds a character that cannot be stored."),
    "not_listed": Words(
        "Não é um dos valores aceites. Escolha {names}.", "It is not one of the accepted values. Choose {names}."
    ),
    "format": Words("Não tem o formato esperado.", "It does not have the expected form."),
    "unknown_field": Words(
        "Não há nenhum campo com este nome. Verifique como está escrito.",
        "There is no field with this name. Check how it is spelt.",
    ),
    "no_fields": Words("Aqui não se preenche nenhum campo.", "There is no field to fill in here."),
    "media_type": Words("{accepted} {names}.", "{accepted} {names}."),
    "other_content": Words(
        "Não reconhecemos o conteúdo deste ficheiro. {accepted} {names}.",
        "The content of this file is not recognised. {accepted} {names}.",
    ),
    "one_file": Words(
        "Envie um só ficheiro, sem outros campos no formulário.",
        "Send one file, without other fields in the form.",
    ),
    "encoding": Words("Tem de ser enviado sem compressão.", "It must be sent uncompressed."),
    "too_large": Words("Demasiado grande: o limite é {size}.", "Too large: the limit is {size}."),
    "niss": Words(
        "Este NISS não está certo: são 11 algarismos, e algum falta, sobra ou está trocado.",
        "This NISS is not right: it has 11 digits, and one is missing, wrong or too many.",
    ),
    "niss_kind": Words(
        "O NISS de uma pessoa começa por 1 e o de uma empresa por 2.",
        "The NISS of a person begins with 1, that of a company with 2.",
    ),
    "email_at": Words(
        "O endereço tem de ter um só @, com texto antes e depois, como em ana@exemplo.pt.",
        "The address must have one @, with text before and after it, as in ana@example.org.",
    ),
    "email_blank": Words("O endereço tem um espaço no meio. Retire-o.", "There is a space in the address. Remove it."),
    "email_local": Words(
        "Não conseguimos escrever para este endereço: antes do @ só podem estar letras sem acento, algarismos e sinais como "
        "ponto ou hífen, sem pontos repetidos. Indique outro endereço.",
        "We cannot write to this address: only letters without accents, digits and signs such as a dot or a hyphen may stand "
        "before the @, without two dots in a row. Give another address.",
    ),
    "email_domain": Words(
        "Não conseguimos escrever para este endereço: o que está depois do @ não é um nome da Internet, como exemplo.pt.",
        "We cannot write to this address: what stands after the @ is not a name on the Internet, like example.org.",
    ),
    "email_too_long": Words(
        "O endereço é demasiado comprido: no máximo 254 caracteres, 64 dos quais antes do @.",
        "The address is too long: at most 254 characters, of which 64 may stand before the @.",
    ),
    "unknown_subject": Words("Escolha um assunto da lista.", "Choose a subject from the list."),
    "unknown_reason": Words("Escolha um dos motivos deste assunto.", "Choose one of the reasons of this subject."),
    "unknown_place": Words(
        "Não reconhecemos este lugar. Indique um país (FR), ou um distrito ou município de Portugal (PT-11, PT-1106).",
        "This place is not recognised. Give a country (FR), or a district or municipality of Portugal (PT-11, PT-1106).",
    ),
    "persons_only": Words("Só pessoas podem usar este assunto.", "Only persons may use this subject."),
    "companies_only": Words("Só empresas podem usar este assunto.", "Only companies may use this subject."),
    "unknown_document": Words("Não tem nenhum documento com este identificador.", "You have no such document."),
    "unknown_reference": Words(
        "Não tem nenhum pedido com esta referência. Se o acabou de enviar, espere uns segundos e tente de novo.",
        "You have no request with this reference. If it was sent just now, wait a few seconds and try again.",
    ),
    "reference": Words(
        "Esta referência tem um erro de escrita. Compare-a com a que recebeu, como PO-7K3QX-9M2TA-4.",
        "This reference has a typing error. Compare it with the one you were given, like PO-7K3QX-9M2TA-4.",
    ),
    "unknown_item": Words(
        "Não foi pedido nenhum documento com este número. Veja os números no pedido.",
        "No document with this number was asked for. See the numbers in the request.",
    ),
    "unknown_session": Words("Esta sessão não existe ou já terminou.", "This session does not exist or has ended."),
    "used_document": Words("Este documento já está noutro pedido.", "This document is already in another request."),
    "nothing_said": Words("Escreva uma mensagem ou junte um documento.", "Write a message or attach a document."),
    "empty": Words("O ficheiro está vazio.", "The file is empty."),
    "invalid": Words("Não é válido.", "It is not valid."),
}

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

_NAMEABLE: Final = re.compile(r"[^\W\d][\w.-]{0,63}")
"""An unknown name that is repeated to its sender. Others, such as a number or an address, may be personal data."""

_LIMITS: Final = ("max_length", "min_length", "ge", "le")
_QUOTED: Final = re.compile("'([^']*)'")
"""Finds the accepted values in Pydantic's text, such as `'pt' or 'en'`."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error of one field. `pointer` (RFC 6901) locates it in the body; for a path or query parameter or a header,
    `parameter` names it instead.

    `names` are the accepted values, never what was sent.
    """

    code: str
    pointer: str | None = None
    parameter: str | None = None
    limit: int | None = None
    names: tuple[str, ...] = ()

    def to_body(self, language: Language) -> dict[str, object]:
        """The error as an item of a problem document's `errors`."""
        place = {"pointer": self.pointer or ""} if self.parameter is None else {"parameter": self.parameter}
        accepted = {"accepted": list(self.names)} if self.names else {}
        return {**place, "code": self.code, "detail": self.text(language), **accepted}

    def text(self, language: Language) -> str:
        """The sentence for people."""
        return (
            TEXTS[self.code]
            .in_(language)
            .format(
                limit=self.limit,
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
    return name if _NAMEABLE.fullmatch(name) else ""


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
    named = f"/{name}" if _NAMEABLE.fullmatch(name) else ""
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
