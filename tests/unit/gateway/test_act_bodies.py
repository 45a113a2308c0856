"""Bodies of acts and of linked requests: what they may say, and which field is wrong otherwise."""

from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from gateway.requests.domain import act_of, other_formats, wrong_items
from gateway.requests.schemas import NewMessage, NewRating, NewReopening, NewRequest, RequestBody
from services.common.contracts.asked import AskedItem, ItemDelivery, ItemState
from services.common.contracts.intake import Rated, Reopened, RequestReplied
from services.common.contracts.internal import DocumentResponse
from services.common.domain.identifiers import reference_of
from tests.unit.gateway.builders import BODY, REQUEST, session
from tests.unit.gateway.lives import item
from tests.unit.gateway.test_ids import wrong_fields

ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
MANY = [str(UUID(int=number)) for number in range(11)]


def delivery(item: object, *documents: object) -> dict[str, object]:
    return {"item": item, "documents": [str(each) for each in documents]}


@pytest.mark.parametrize(
    ("model", "body", "found"),
    [
        (NewMessage, {"items": [delivery(0, ONE)]}, [("/items/0/item", "too_small")]),
        (NewMessage, {"items": [delivery("1", ONE)]}, [("/items/0/item", "not_number")]),
        (NewMessage, {"items": [delivery(True, ONE)]}, [("/items/0/item", "not_number")]),
        (NewMessage, {"items": [delivery(1)]}, [("/items/0/documents", "required")]),
        (NewMessage, {"items": [delivery(1, "x")]}, [("/items/0/documents/0", "not_uuid")]),
        (NewMessage, {"items": [delivery(1, ONE, ONE)]}, [("/items/0/documents/1", "repeated")]),
        (NewMessage, {"items": [delivery(1, ONE), delivery(2, ONE)]}, [("/items", "repeated")]),
        (NewMessage, {"items": [delivery(1, ONE), delivery(1, TWO)]}, [("/items", "repeated")]),
        (NewMessage, {"items": [{"item": 1}]}, [("/items/0/documents", "required")]),
        (NewMessage, {"items": [delivery(1, ONE) | {"note": "x"}]}, [("/items/0/note", "unknown_field")]),
        (
            NewMessage,
            {"items": [delivery(number, each) for number, each in enumerate(MANY, 1)]},
            [("/items", "too_many")],
        ),
        (NewMessage, {"documents": MANY[:10], "items": [delivery(1, UUID(int=99))]}, [("/items", "too_many")]),
        (NewMessage, {"items": {}}, [("/items", "not_list")]),
        (NewMessage, {"items": []}, [("", "nothing_said")]),
        (NewReopening, {"text": " "}, [("/text", "blank")]),
        (NewReopening, {"documents": MANY}, [("/documents", "too_many")]),
        (NewReopening, {"score": 1}, [("/score", "unknown_field")]),
        (NewRating, {}, [("/score", "required")]),
        (NewRating, {"score": 0}, [("/score", "too_small")]),
        (NewRating, {"score": 6}, [("/score", "too_big")]),
        (NewRating, {"score": "5"}, [("/score", "not_number")]),
        (NewRating, {"score": 4.5}, [("/score", "not_number")]),
        (NewRating, {"score": True}, [("/score", "not_number")]),
        (NewRating, {"score": 5, "text": ""}, [("/text", "blank")]),
        (NewRequest, BODY | {"linked_to": "PO-7K3QX-9M2TA-5"}, [("/linked_to", "reference")]),
        (NewRequest, BODY | {"linked_to": ""}, [("/linked_to", "reference")]),
        (NewRequest, BODY | {"linked_to": 7}, [("/linked_to", "not_text")]),
    ],
)
def test_a_wrong_field_is_named(model: type[RequestBody], body: object, found: list[tuple[str, str]]) -> None:
    assert wrong_fields(model, body) == found


@pytest.mark.parametrize("typed", ["{}", " {}\n", "\ufeff{}", "PO{}"])
@pytest.mark.parametrize("dash", ["-", " ", "", "\u2011"])
def test_a_linked_reference_is_understood_as_it_is_typed(typed: str, dash: str) -> None:
    reference = reference_of(REQUEST)
    pasted = typed.format(reference.removeprefix("PO-").lower().replace("-", dash))
    assert NewRequest.model_validate(BODY | {"linked_to": pasted}).linked_to == reference


def test_the_files_of_items_are_files_of_the_message_too() -> None:
    message = NewMessage.model_validate({"documents": [ONE, TWO], "items": [delivery(2, TWO, THREE)]})
    assert message.pointers == {ONE: "/documents/0", TWO: "/items/0/documents/0", THREE: "/items/0/documents/1"}
    act = act_of(message, REQUEST, session())
    assert isinstance(act, RequestReplied)
    assert act.documents == (ONE, TWO, THREE)
    assert act.items == (ItemDelivery(item=2, documents=(TWO, THREE)),)
    assert RequestReplied.model_validate_json(act.model_dump_json()) == act


def test_coming_back_and_rating_are_acts_of_the_sender() -> None:
    reopened = act_of(NewReopening(text="Ainda falta.", documents=(ONE,)), REQUEST, session())
    rated = act_of(NewRating(score=5), REQUEST, session())
    assert isinstance(reopened, Reopened)
    assert isinstance(rated, Rated)
    assert (reopened.text, reopened.documents, rated.score, rated.text) == ("Ainda falta.", (ONE,), 5, None)
    for act in (reopened, rated):
        assert type(act).model_validate_json(act.model_dump_json()) == act


def message(*items: dict[str, object]) -> NewMessage:
    return NewMessage.model_validate({"items": items})


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [((item(1), item(2)), ["/items/1/item"]), ((item(1), item(3)), []), ((), [])],
)
def test_a_document_that_was_not_asked_for_is_named(asked: tuple[AskedItem, ...], wrong: list[str]) -> None:
    errors = wrong_items(message(delivery(1, ONE), delivery(3, TWO)), asked)
    assert [(error.pointer, error.code) for error in errors] == [(each, "unknown_item") for each in wrong]


def test_a_document_that_was_received_already_is_named() -> None:
    received = item(1).model_copy(update={"state": ItemState.RECEIVED})
    (error,) = wrong_items(message(delivery(2, TWO), delivery(1, ONE)), (received, item(2)))
    assert (error.pointer, error.code) == ("/items/1/item", "received_item")
    assert error.text("pt").startswith("Este documento já foi recebido.")


def file(document: UUID, media_type: Any) -> DocumentResponse:
    return DocumentResponse(document_id=document, name="x", media_type=media_type, size=1, sha256="0", state="checking")


def test_a_file_in_another_format_than_was_asked_for_is_named_with_the_formats() -> None:
    asked = (item(1, formats=("application/pdf",)), item(2))
    sent = message(delivery(1, ONE, TWO), delivery(2, THREE))
    files = [file(ONE, "application/pdf"), file(TWO, "image/png"), file(THREE, "image/png")]
    (error,) = other_formats(sent, asked, files)
    assert (error.pointer, error.code) == ("/items/0/documents/1", "media_type")
    assert error.text("pt") == "Aceita-se PDF."


@pytest.mark.parametrize("number", [0, 51, 2**63, 10**30])
def test_the_number_of_an_asked_document_that_cannot_exist_is_refused(number: int) -> None:
    with pytest.raises(ValidationError):
        NewMessage.model_validate({"items": [{"item": number, "documents": [str(UUID(int=1))]}]})
