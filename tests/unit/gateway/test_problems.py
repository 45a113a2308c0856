"""A problem states what happened and what to do, in the reader's language, and never repeats what was sent."""

import re
from typing import Any
from uuid import uuid4

import orjson
import pytest
from hypothesis import given, strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.types import Scope

from gateway.requests.labels import FACT_LABELS, NOT_ALLOWED_LABELS, REASON_LABELS
from gateway.requests.schemas import NewRequest
from services.common.catalogue import Language
from services.common.catalogue.state_names import STATE_NAMES
from services.common.contracts.base import MAX_DOCUMENTS
from services.common.http.field_errors import MAX_ERRORS, FieldError, errors_of, request_errors
from services.common.http.field_texts import TEXTS
from services.common.http.languages import named, negotiate
from services.common.http.problem_types import (
    BUSY,
    INTERNAL,
    INVALID,
    MEDIA_TYPE,
    NO_SESSION,
    NOT_CONFIRMED,
    NOT_FOUND,
    NOT_JSON,
    PROBLEM_TYPES,
    REFERENCE,
    TOO_LARGE,
    TOO_MANY,
    TOO_MANY_AT_ONCE,
    TOO_SLOW,
    UNAVAILABLE,
    ProblemType,
)
from services.common.http.problems import Problem, ProblemDocument, problem_response, too_large
from services.common.http.strict_json import not_accepted
from tests.unit.gateway.builders import BODY


def scope(language: str | None = None, key: str | None = None) -> Scope:
    headers = {b"accept-language": language, b"idempotency-key": key}
    return {"type": "http", "headers": [(name, value.encode()) for name, value in headers.items() if value is not None]}


def document(problem: Problem, language: str | None = None, key: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(problem_response(scope(language, key), problem).body)
    return found


@pytest.mark.parametrize("kind", PROBLEM_TYPES.values(), ids=lambda kind: kind.code)
def test_every_problem_type_gives_a_valid_document_in_both_languages(kind: ProblemType) -> None:
    portuguese, english = document(Problem(kind)), document(Problem(kind), "en")
    assert ProblemDocument.model_validate(portuguese).status == kind.status
    assert portuguese["type"] == english["type"] == f"urn:postigo:problem:{kind.code}"
    assert portuguese["title"] != english["title"]
    assert portuguese["detail"] != english["detail"]


ONLY_OF_SUBMISSIONS = {"idempotency-key", "key-reused", "not-confirmed"}
ABOUT_FILING = re.compile(r"registad|duplicado|\bchave|\bfiled|\bkey\b", re.IGNORECASE)


@pytest.mark.parametrize("kind", [kind for kind in PROBLEM_TYPES.values() if kind.code not in ONLY_OF_SUBMISSIONS])
@pytest.mark.parametrize("language", ["pt", "en"])
def test_problems_of_sign_ins_and_reads_do_not_mention_filing(kind: ProblemType, language: str) -> None:
    found = document(Problem(kind), language)
    assert not ABOUT_FILING.search(found["title"] + found["detail"])


@pytest.mark.parametrize(
    "kind",
    [NOT_JSON, NO_SESSION, NOT_FOUND, REFERENCE, TOO_SLOW, TOO_LARGE, MEDIA_TYPE, INVALID, BUSY, INTERNAL],
)
@pytest.mark.parametrize("language", ["pt", "en"])
def test_problems_of_submissions_state_whether_it_was_filed(kind: ProblemType, language: str) -> None:
    found = document(Problem(kind), language, key="0123456789abcdef")
    assert found["detail"].startswith(document(Problem(kind), language)["detail"] + " ")
    assert ABOUT_FILING.search(found["detail"])


def test_no_two_problem_types_share_a_text() -> None:
    texts = [text for kind in PROBLEM_TYPES.values() for words in (kind.title, kind.detail) for text in words]
    assert len(texts) == len(set(texts))


def test_a_problem_is_not_cacheable() -> None:
    response = problem_response(scope("en"), Problem(TOO_MANY, retry_after=7))
    assert response.status_code == 429
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "7"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-language"] == "en"


def test_a_field_error_has_a_pointer_and_states_what_to_do() -> None:
    found = document(Problem(INVALID, FieldError("too_long", "/description", limit=4000)), "en")
    assert found["errors"] == [{"pointer": "/description", "code": "too_long", "detail": "At most 4000 characters."}]


def detail_of(problem: Problem) -> str:
    (error,) = document(problem, "en")["errors"]
    return f"{error.get('parameter', error.get('pointer'))}: {error['detail']}"


@pytest.mark.parametrize(
    ("limit", "text"), [(25 * 1024 * 1024, "25 MB"), (64 * 1024, "64 KB"), (1000, "1000 bytes"), (0, "0 bytes")]
)
def test_too_large_names_the_limit(limit: int, text: str) -> None:
    assert detail_of(too_large(limit)) == f": Too large: the limit is {text}."


def test_a_wrong_media_type_is_answered_with_the_accepted_ones() -> None:
    refused = not_accepted("application/pdf", "image/png")
    assert detail_of(refused) == "Content-Type: Accepted: PDF or PNG."
    assert (refused.headers or {})["Accept"] == "application/pdf, image/png"


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    street: str = ""
    town: str = ""


class EmptyForm(BaseModel):
    model_config = ConfigDict(extra="forbid")


@pytest.mark.parametrize(
    ("form", "detail"),
    [
        (Form, "There is no field or parameter with this name. Check how it is spelt."),
        (EmptyForm, "No field or parameter is accepted here. Remove it."),
    ],
)
def test_each_unknown_field_is_named_with_the_known_ones(form: type[BaseModel], detail: str) -> None:
    with pytest.raises(ValidationError) as refused:
        form.model_validate({"canario1": 1, "canario2": 2, "123456789": 3})
    errors = document(Problem(INVALID, *errors_of(refused.value, form)), "en")["errors"]
    assert [error["pointer"] for error in errors] == ["/canario1", "/canario2", ""]
    assert {error["detail"] for error in errors} == {detail}
    assert [error.get("accepted", []) for error in errors] == [list(form.model_fields)] * 3


def test_a_body_with_thousands_of_unknown_fields_gives_a_bounded_answer() -> None:
    wrong = [{"type": "extra_forbidden", "loc": ("body", f"f{number}")} for number in range(5000)]
    assert len(request_errors(wrong, Form)) == MAX_ERRORS


def test_of_thousands_of_errors_only_the_first_are_read() -> None:
    wrong = iter([{"type": "extra_forbidden", "loc": ("body", str(number))} for number in range(5000)])
    assert request_errors(wrong, Form) == [FieldError("unknown_field", "", names=("street", "town"))]
    assert len(list(wrong)) > 4000


def test_too_many_files_are_one_error_with_the_limit() -> None:
    with pytest.raises(ValidationError) as raised:
        NewRequest.model_validate(BODY | {"documents": ["x"] * 30_000})
    assert raised.value.error_count() == 1
    assert errors_of(raised.value, NewRequest) == [FieldError("too_many", "/documents", limit=MAX_DOCUMENTS)]


def test_all_wrong_files_are_named_at_once_by_their_places() -> None:
    one, other = str(uuid4()), str(uuid4())
    with pytest.raises(ValidationError) as raised:
        NewRequest.model_validate(
            BODY | {"documents": [one, "x", other, one.upper(), 7, other, other, f"urn:uuid:{one}"]}
        )
    assert {(each.pointer, each.code) for each in errors_of(raised.value, NewRequest)} == {
        ("/documents/1", "not_uuid"),
        ("/documents/3", "repeated"),
        ("/documents/4", "not_uuid"),
        ("/documents/5", "repeated"),
        ("/documents/6", "repeated"),
    }


def test_an_id_that_is_written_in_another_form_is_the_same_id() -> None:
    one = uuid4()
    with pytest.raises(ValidationError) as raised:
        NewRequest.model_validate(BODY | {"documents": [str(one), one.hex, f"urn:uuid:{one}"]})
    assert [each.pointer for each in errors_of(raised.value, NewRequest)] == ["/documents/1", "/documents/2"]


FILES = FieldError("other_content", "", names=("application/pdf", "image/png", "image/jpeg"))


@pytest.mark.parametrize("code", TEXTS)
def test_every_field_error_has_a_text_in_both_languages(code: str) -> None:
    error = FieldError(code, "/x", limit=9, names=("application/pdf", "image/png", "image/jpeg"), position=(3, 7))
    portuguese, english = error.text("pt"), error.text("en")
    assert portuguese
    assert english
    assert portuguese != english


def test_formats_have_the_names_that_people_know() -> None:
    assert FILES.text("pt") == "Não reconhecemos o conteúdo deste ficheiro. Aceitam-se PDF, PNG ou JPEG."
    assert not_accepted("application/json").errors[0].text("pt") == "Aceita-se JSON."


@pytest.mark.parametrize(
    ("seconds", "portuguese", "english"),
    [
        (0, "dentro de um segundo", "in one second"),
        (2, "dentro de 2 segundos", "in 2 seconds"),
        (59, "dentro de 59 segundos", "in 59 seconds"),
        (60, "dentro de um minuto", "in one minute"),
        (61, "dentro de 2 minutos", "in 2 minutes"),
        (1200, "dentro de 20 minutos", "in 20 minutes"),
        (3600, "dentro de uma hora", "in one hour"),
        (3601, "dentro de 2 horas", "in 2 hours"),
        (None, "daqui a pouco", "shortly"),
    ],
)
@pytest.mark.parametrize(
    "kind", [TOO_MANY, TOO_MANY_AT_ONCE, BUSY, UNAVAILABLE, NOT_CONFIRMED], ids=lambda kind: kind.code
)
def test_the_time_to_wait_is_told_in_words(
    kind: ProblemType, seconds: int | None, portuguese: str, english: str
) -> None:
    problem = Problem(kind, retry_after=seconds)
    assert portuguese in document(problem)["detail"]
    assert english in document(problem, "en")["detail"]


_FOR_PROGRAMS = re.compile(
    r"[A-Z][a-z]+-[A-Z]|\b[1-5]\d\d\b|[_/]|(?i:\b(header|cabeçalho|uuid|cursor|mib|payload|token))"
)


@pytest.mark.parametrize("language", ["pt", "en"])
def test_no_text_for_people_names_a_header_a_field_or_a_status(language: Language) -> None:
    texts = [words.in_(language) for kind in PROBLEM_TYPES.values() for words in (kind.title, kind.detail)]
    texts += [FieldError(code, limit=9, names=("application/pdf",)).text(language) for code in TEXTS]
    texts += [name.name(language) for name in STATE_NAMES.values()]
    labels = (*FACT_LABELS.values(), *REASON_LABELS.values(), *NOT_ALLOWED_LABELS.values())
    texts += [words.in_(language) for words in labels]
    for text in texts:
        assert not _FOR_PROGRAMS.search(text.replace("255", "").replace("254", "")), text


def test_each_problem_has_its_own_support_code() -> None:
    assert document(Problem(INVALID))["support_code"] != document(Problem(INVALID))["support_code"]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "pt"),
        ("", "pt"),
        ("en", "en"),
        ("en-GB,en;q=0.9,pt;q=0.8", "en"),
        ("pt-PT,en;q=0.9", "pt"),
        ("en;q=0.3, pt;q=0.7", "pt"),
        ("fr", "pt"),
        ("fr, en;q=0.5", "en"),
        ("*", "pt"),
        ("en;q=broken", "pt"),
    ],
)
def test_the_language_is_portuguese_unless_english_is_preferred(header: str | None, language: str) -> None:
    assert negotiate(header) == language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, None),
        ("", None),
        ("*", None),
        ("fr, de;q=0.5, *;q=0.1", None),
        ("en;q=0", None),
        ("EN-us", "en"),
        ("fr, en;q=0.5", "en"),
        ("pt-BR", "pt"),
        ("en;q=0.3, pt;q=0.7", "pt"),
        ("en;q=0.2, *;q=0.9", "en"),
    ],
)
def test_only_a_language_that_the_header_names_is_named(header: str | None, language: str | None) -> None:
    assert named(header) == language


@given(header=st.text())
def test_any_accept_language_header_gives_a_language(header: str) -> None:
    assert negotiate(header) in {"pt", "en"}
