"""Records as intake's handlers get them."""

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.common.catalogue import catalogue, catalogues
from services.common.contracts import topics
from services.common.contracts.asked import NewItem
from services.common.contracts.lifecycle import CommandRef
from services.common.domain.identifiers import reference_of
from services.common.legal_clock import Calendar, ClosedDay
from services.intake.domain import Move, Request, Terms, request
from services.intake.handlers import COMMANDS as MOVES
from services.intake.messages import (
    AssignmentMade,
    FileAccepted,
    FileRefused,
    Rated,
    Reopened,
    RequestReplied,
    RequestSubmitted,
    State,
    Withdrawn,
)
from tests.support.received import MONDAY, REQUEST, received

ASSIGNMENT, FILE = UUID(int=5), UUID(int=6)
SOON: Final = MONDAY + timedelta(minutes=1)
COMMANDS: Final = {move: kind for kind, move in MOVES.items()}
IBAN: Final = NewItem(what="Comprovativo do IBAN", why="Para fazer o pagamento.")

_WORDS: Final = {"text": "Foi pago hoje."}
_FIELDS: Final[dict[Move, dict[str, Any]]] = {
    Move.ACKNOWLEDGE: {},
    Move.REQUEST_INFORMATION: _WORDS | {"items": (IBAN,)},
    Move.TRANSFER: _WORDS | {"to": "dd"},
    Move.EXTEND: _WORDS | {"until": date(2026, 2, 16)},
}


class Calendars:
    """The calendars of `closed_days`, which tests may change."""

    def __init__(self, *closed_days: ClosedDay) -> None:
        self.closed_days = list(closed_days)

    def at(self, moment: datetime) -> Calendar:
        return Calendar.at(moment, self.closed_days)


def closed_day(day: date, *, known_from: datetime = MONDAY, department: str | None = None) -> ClosedDay:
    return ClosedDay(
        id=UUID(int=day.toordinal()),
        day=day,
        pt="Tolerância de ponto",
        en="Service closed",
        kind="closed",
        department=department,
        active_from=known_from,
    )


def submitted(**other: Any) -> Any:
    event = RequestSubmitted(
        **{
            "request_id": REQUEST,
            "reference": reference_of(REQUEST),
            "account_id": UUID(int=1),
            "actor_id": UUID(int=1),
            "who": "P",
            "subject": "FAM-01",
            "reason": "NPG",
            "catalogue_version": 1,
            "description": "Não recebi o abono de abril.",
        }
        | other
    )
    return received(event, topic=topics.INTAKE)


def registered(state: State = State.REGISTERED, **other: Any) -> Request:
    first = request.register(None, submitted(), catalogue(), Calendar.of_public_holidays()).state
    assert first is not None
    return first.model_copy(update={"state": state, **other})


def terms_of(current: Request | None) -> Terms:
    """The terms of a request, by the national holidays."""
    return Terms.of(current, Calendar.of_public_holidays(), catalogues())


def fact_names(at: datetime = MONDAY) -> dict[str, Any]:
    return {"request_id": REQUEST, "reference": reference_of(REQUEST), "occurred_at": at}


def command(
    move: Move,
    seen: int = 1,
    epoch: int = 1,
    at: datetime = MONDAY,
    id: str = "c-1",
    department: str = "pf",
    **other: Any,
) -> Any:
    event = COMMANDS[move](
        **fact_names(at),
        assignment_id=ASSIGNMENT,
        department=department,
        epoch=epoch,
        seen=seen,
        command=CommandRef(id=id, topic=topics.outbox(department), partition=3, offset=9),
        **_FIELDS.get(move, _WORDS) | other,
    )
    return received(event, topic=topics.ASSIGNMENTS, at=at, id=f"fact-of-{id}")


def assignment_made(at: datetime = MONDAY, department: str = "pf") -> Any:
    rule = {"rule": "subject:FAM-01", "rules_version": "catalogue/1"}
    event = AssignmentMade(**fact_names(at), assignment_id=ASSIGNMENT, department=department, epoch=1, **rule)
    return received(event, topic=topics.ASSIGNMENTS, at=at)


def file_accepted(
    file: UUID = FILE, media_type: str = "application/pdf", at: datetime = MONDAY, id: str | None = None
) -> Any:
    event = FileAccepted(**fact_names(at), document_id=file, name="a.pdf", media_type=media_type, size=1, sha256="0")
    return received(event, topic=topics.DOCUMENTS, at=at, id=id)


def file_refused(file: UUID = FILE, at: datetime = MONDAY, id: str | None = None) -> Any:
    event = FileRefused(**fact_names(at), document_id=file, because="not-claimed")
    return received(event, topic=topics.DOCUMENTS, at=at, id=id)


def names(**other: Any) -> dict[str, Any]:
    own = {"request_id": REQUEST, "reference": reference_of(REQUEST), "account_id": UUID(int=1)}
    return own | {"actor_id": UUID(int=1)} | other


def replied(id: str = "a-1", at: datetime = SOON, **other: Any) -> Any:
    event = RequestReplied(**names(text="Esqueci-me do recibo.", documents=(FILE,)) | other)
    return received(event, topic=topics.INTAKE, at=at, id=id)


def reopened(id: str = "a-3", at: datetime = SOON, **other: Any) -> Any:
    return received(Reopened(**names(**other)), topic=topics.INTAKE, at=at, id=id)


def withdrawn(id: str = "a-2", at: datetime = SOON, **other: Any) -> Any:
    return received(Withdrawn(**names(**other)), topic=topics.INTAKE, at=at, id=id)


def rated(id: str = "a-4", at: datetime = SOON, score: int = 5, **other: Any) -> Any:
    return received(Rated(**names(score=score, **other)), topic=topics.INTAKE, at=at, id=id)
