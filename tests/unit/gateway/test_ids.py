"""Ids derive from the sender, the key and the body, so that every replica derives the same id; and body validation."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from gateway.documents.domain import document_id_of
from gateway.requests.domain import (
    act_id_of,
    act_of,
    event_id_of,
    fingerprint,
    request_id_of,
    sending_errors,
    submission_event,
)
from gateway.requests.schemas import NewMessage, NewRequest, NewWithdrawal, RequestBody
from services.common.catalogue import catalogue
from services.common.http.field_errors import errors_of
from services.common.http.strict_json import parse_json
from tests.unit.gateway.builders import BODY, NOON, REQUEST, session, submitted

SECRET = b"s" * 32
KEY = "0123456789abcdef"
DOCUMENT = str(UUID(int=1))
MESSAGE = NewMessage(text="Falta um papel.")

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(body=st.dictionaries(st.text(), values, max_size=6), seed=st.randoms())
def test_whitespace_and_key_order_do_not_change_the_fingerprint(body: dict[str, object], seed: object) -> None:
    names = list(body)
    seed.shuffle(names)  # type: ignore[attr-defined]
    sent_again = json.dumps({name: body[name] for name in names}, indent=2, ensure_ascii=False)
    assert fingerprint(json.loads(sent_again)) == fingerprint(body)


@given(left=values, right=values)
def test_different_values_have_different_fingerprints(left: object, right: object) -> None:
    same = json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)
    assert (fingerprint(left) == fingerprint(right)) == same


def test_fingerprints_are_stable() -> None:
    assert fingerprint(BODY).hex() == "67b2d12c25424758310ce5f83e0c7065e49751d6b8e8d9ae0e3d0485e7875931"


def test_a_request_id_depends_only_on_owner_actor_key_and_body() -> None:
    mine = session()
    ids = {
        request_id_of(SECRET, mine, KEY, fingerprint(BODY)),
        request_id_of(SECRET, session(account_id=uuid4()), KEY, fingerprint(BODY)),
        request_id_of(SECRET, session(actor_id=uuid4()), KEY, fingerprint(BODY)),
        request_id_of(SECRET, mine, KEY + "0", fingerprint(BODY)),
        request_id_of(SECRET, mine, KEY, fingerprint(BODY | {"reason": "EST"})),
        request_id_of(SECRET * 2, mine, KEY, fingerprint(BODY)),
    }
    assert len(ids) == 6
    assert request_id_of(SECRET, session(language="en"), KEY, fingerprint(BODY)) in ids


def test_an_act_id_depends_only_on_act_request_owner_actor_and_key() -> None:
    def act_id(
        body: Any = MESSAGE, request: UUID = REQUEST, key: str = KEY, secret: bytes = SECRET, **identity: Any
    ) -> UUID:
        sender = session(**identity)
        return act_id_of(secret, sender, key, fingerprint(body.model_dump()), act_of(body, request, sender))

    ids = {
        act_id(),
        act_id(NewMessage(text="Outra coisa.")),
        act_id(NewWithdrawal()),
        act_id(NewWithdrawal(), request=uuid4()),
        act_id(request=uuid4()),
        act_id(key=KEY + "0"),
        act_id(secret=SECRET * 2),
        act_id(account_id=uuid4()),
        act_id(actor_id=uuid4()),
        request_id_of(SECRET, session(), KEY, fingerprint(MESSAGE.model_dump())),
    }
    assert len(ids) == 10
    assert act_id(language="en") in ids


def test_a_document_id_depends_on_owner_actor_and_key() -> None:
    ids = {
        document_id_of(SECRET, session(), KEY),
        document_id_of(SECRET, session(account_id=uuid4()), KEY),
        document_id_of(SECRET, session(), KEY[::-1]),
    }
    assert len(ids) == 3


def test_a_submission_carries_what_rules_know_about_its_sender() -> None:
    new, placed = NewRequest.model_validate(BODY), session(place="PT-20", flags=("strategic-contributor",))
    event = submission_event(REQUEST, new, placed, None, catalogue())
    assert (event.place, event.flags) == ("PT-20", ("strategic-contributor",))
    plain = submission_event(REQUEST, new, session(), None, catalogue())
    assert (plain.place, plain.flags) == (None, ())


def test_a_retry_has_the_same_event_id_whatever_else_changed_between_the_two() -> None:
    retries = submitted(), submitted(catalogue_version=2), submitted(language="en")
    assert len({event_id_of(each) for each in retries}) == 1


def wrong_fields(model: type[RequestBody], body: object) -> list[tuple[str | None, str]]:
    """Pointer and code of each field error of `body`."""
    with pytest.raises(ValidationError) as refused:
        model.model_validate(body)
    return [(error.pointer, error.code) for error in errors_of(refused.value, model)]


def test_a_subject_that_is_not_open_to_the_sender_is_named() -> None:
    new = NewRequest.model_validate(BODY | {"subject": "DOE-05", "reason": "INF"})
    (error,) = sending_errors(catalogue(), new, session(), NOON.date())
    assert (error.pointer, error.code) == ("/subject", "companies_only")
    assert sending_errors(catalogue(), NewRequest.model_validate(BODY), session(), NOON.date()) == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"subject": "FAM-99"}, {"/subject": "unknown_subject"}),
        ({"reason": "DEN"}, {"/reason": "unknown_reason"}),
        ({"subject": "FAM-99", "reason": "XXX"}, {"/subject": "unknown_subject", "/reason": "unknown_reason"}),
        ({"subject": "FAM-99", "description": " "}, {"/subject": "unknown_subject", "/description": "blank"}),
        (
            {"reason": "DEN", "description": "x" * 4001, "documents": ["x"], "language": "fr"},
            {
                "/reason": "unknown_reason",
                "/description": "too_long",
                "/documents/0": "not_uuid",
                "/language": "not_listed",
            },
        ),
        (
            {"subject": 7, "descriçao": "x", "Docs": []},
            {"/subject": "not_text", "/descriçao": "unknown_field", "/Docs": "unknown_field"},
        ),
    ],
)
def test_all_wrong_fields_of_a_request_are_named_at_once(changes: dict[str, Any], found: dict[str, str]) -> None:
    assert dict(wrong_fields(NewRequest, BODY | changes)) == found


@pytest.mark.parametrize(
    "typed",
    [
        "fam-01",
        "FAM\u201101",
        " FAM\u201301\r\n",
        "\ufeffFAM-01",
        "FAM\u2212\u200b01",
        "FAM 01",
        "FAM\u00a0–\u00a001",
        "ＦＡＭ－０１",
    ],
)
def test_a_pasted_subject_is_understood(typed: str) -> None:
    assert NewRequest.model_validate(BODY | {"subject": typed}).subject == "FAM-01"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, ("", "nothing_said")),
        ({"text": None}, ("", "nothing_said")),
        ({"documents": []}, ("", "nothing_said")),
        ({"text": ""}, ("/text", "blank")),
        ({"text": " \u200b"}, ("/text", "blank")),
        ({"text": "x" * 4001}, ("/text", "too_long")),
        ({"text": "a\ud800b"}, ("/text", "not_storable")),
        ({"text": 5}, ("/text", "not_text")),
        ({"text": "Olá", "documents": ["x"]}, ("/documents/0", "not_uuid")),
        ({"text": "Olá", "documents": [str(UUID(int=number)) for number in range(11)]}, ("/documents", "too_many")),
        ({"text": "Olá", "description": "Olá"}, ("/description", "unknown_field")),
    ],
)
def test_an_empty_or_invalid_message_is_refused_with_a_pointer(body: object, found: tuple[str, str]) -> None:
    assert wrong_fields(NewMessage, body) == [found]


def test_a_message_has_text_files_or_both() -> None:
    for body in ({"text": "Olá"}, {"documents": [DOCUMENT]}, {"text": "Olá", "documents": [DOCUMENT]}):
        assert NewMessage.model_validate(body).model_dump(mode="json", exclude_unset=True) == body


def test_a_withdrawal_takes_no_field() -> None:
    assert wrong_fields(NewWithdrawal, {"text": "Já não preciso."}) == [("/text", "no_fields")]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"description": ""}, "/description", "blank"),
        ({"description": " \n\t"}, "/description", "blank"),
        ({"description": "\u200b"}, "/description", "blank"),
        ({"description": "\u2060\ufeff\u00ad \u3000"}, "/description", "blank"),
        ({"description": "\u202e\u200f\x07\x7f"}, "/description", "blank"),
        ({"description": "\u3164\u2800\u0301\ufe0f"}, "/description", "blank"),
        ({"description": "x" * 4001}, "/description", "too_long"),
        ({"description": "a\ud800b"}, "/description", "not_storable"),
        ({"description": 5}, "/description", "not_text"),
        ({"description": None}, "/description", "not_text"),
        ({"subject": "FAM/01"}, "/subject", "format"),
        ({"language": "fr"}, "/language", "not_listed"),
        ({"documents": "x"}, "/documents", "not_list"),
        ({"documents": ["x"]}, "/documents/0", "not_uuid"),
        ({"documents": [7]}, "/documents/0", "not_uuid"),
        ({"documents": [DOCUMENT, DOCUMENT]}, "/documents/1", "repeated"),
        ({"documents": [str(UUID(int=number)) for number in range(11)]}, "/documents", "too_many"),
        ({"documentos": []}, "/documentos", "unknown_field"),
        ({"12345678910": "x"}, "", "unknown_field"),
        ({"ana@example.org": "x"}, "", "unknown_field"),
        ({"a/b": "x"}, "", "unknown_field"),
        ({"": "x"}, "", "unknown_field"),
    ],
)
def test_an_invalid_field_is_refused_with_a_pointer(changes: dict[str, object], pointer: str, code: str) -> None:
    sent = json.dumps(BODY | changes)
    assert wrong_fields(NewRequest, parse_json(sent.encode())) == [(pointer, code)]


@pytest.mark.parametrize(
    "description", ["?", "\u200bOl\u00e1", "e\u0301", "\u0645\u0631\u062d\u0628\u0627", "\U0001f64f", "\U0001fae8"]
)
def test_visible_text_is_kept_unchanged(description: str) -> None:
    assert NewRequest.model_validate(BODY | {"description": description}).description == description


@pytest.mark.parametrize("body", [[], "text", 5, None, True])
def test_a_body_that_is_not_an_object_is_refused(body: object) -> None:
    assert wrong_fields(NewRequest, body) == [("", "not_object")]


def test_missing_fields_are_all_named_at_once() -> None:
    assert {pointer for pointer, _ in wrong_fields(NewRequest, {})} == {"/subject", "/reason", "/description"}
