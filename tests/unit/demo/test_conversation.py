"""An author says each thing at its moment, and the demonstration waits for it."""

from typing import Any
from uuid import uuid4

import pytest

from deploy.demo.author import Author, Conversation, is_due
from deploy.demo.cases import Run
from deploy.demo.client import Filed, Standing
from deploy.demo.data import DemoMessage, DemoRequest, load_accounts, load_requests

ROW = next(row for row in load_requests() if not row.messages and not row.withdrawn)
OPEN = {"state": "awaiting_documents", "asked": [{"number": 1, "state": "received"}, {"number": 2, "state": "open"}]}
HEARD = {"state": "in_analysis", "hearing": {"answer_until": "2026-06-22"}}


def standing(**fields: Any) -> Standing:
    return Standing.model_validate({"state": "registered", "state_name": "-"} | fields)


def message(when: str, item: int | None = None) -> DemoMessage:
    return DemoMessage.model_validate({"text": "Aqui está.", "when": when, "item": item})


def conversation(**fields: Any) -> Conversation:
    row: DemoRequest = ROW.model_copy(update=fields)
    author = Author(None, None, Run.new(load_accounts(), [row]), 0)  # type: ignore[arg-type]
    filed = Filed(reference="PO-00000-00000-0", request_id=uuid4(), receipt="r")
    return Conversation(author, row, filed, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "where", "due"),
    [
        (message("asked", 2), OPEN, True),
        (message("asked", 1), OPEN, False),
        (message("asked", 2), {}, False),
        (message("heard"), HEARD, True),
        (message("heard"), {"state": "in_analysis"}, False),
        (message("answered"), {"state": "answered"}, True),
        (message("answered"), {"state": "concluded"}, False),
    ],
)
def test_a_message_is_due_at_its_moment(said: DemoMessage, where: dict[str, Any], due: bool) -> None:
    assert is_due(said, standing(**where)) is due


@pytest.mark.parametrize(
    ("reason", "messages", "state", "over"),
    [
        ("INF", (), "in_analysis", False),
        ("INF", (), "concluded", True),
        ("ALT", (), "answered", True),
        ("ALT", (message("answered"),), "answered", False),
        ("IND", (message("heard"),), "in_analysis", False),
        ("COR", (message("asked", 1),), "awaiting_documents", False),
        ("COR", (message("asked", 1),), "withdrawn", True),
    ],
)
def test_a_conversation_is_over_when_nobody_has_anything_to_do(
    reason: str, messages: tuple[DemoMessage, ...], state: str, over: bool
) -> None:
    assert conversation(reason=reason, messages=messages).is_over(standing(state=state)) is over


def test_a_rating_is_waited_for() -> None:
    rating = {"score": 5}
    rated = conversation(rating=DemoRequest.model_validate(ROW.model_dump() | {"rating": rating}).rating)
    assert not rated.is_over(standing(state="concluded"))
    assert rated.is_over(standing(state="withdrawn"))
