"""Steps of a longer life, each as correct as the services make it: they change a `Life` before or after it is resolved."""

from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import uuid4

from deploy.verification.evidence import RATING, REOPENING, Act, Record
from services.common.contracts.asked import AskedItem, ItemState
from services.common.contracts.assignments import (
    AssignmentExtensionRequested,
    AssignmentHearingRequested,
    AssignmentInformationRequested,
    AssignmentTransferRequested,
)
from services.common.contracts.commands import Extend, Hear, RequestedItem, RequestInformation, Transfer
from services.common.contracts.departments import AssignmentClosed, AssignmentCreated, AssignmentUpdated
from services.common.contracts.handling import (
    DocumentsReceived,
    DocumentsRequested,
    HearingClosed,
    HearingOpened,
    RequestExtended,
    RequestForwarded,
    RequestRated,
    RequestReopened,
)
from services.common.contracts.intake import Rated, Reopened
from services.common.contracts.lifecycle import State
from tests.unit.verification.builders import Life, message, some_files

ITEMS: Final = tuple(RequestedItem(what=what, why="Confirma quem pede.") for what in ("Documento", "Comprovativo"))
UNTIL: Final = date(2026, 1, 19)
LATER: Final = date(2026, 1, 26)


def _change(life: Life, cause: Record, kind: type[Any], state: State | None = None, **more: Any) -> Record:
    """A fact that changes the term, and its inbox event."""
    own = kind(**life.named, account_id=uuid4(), seq=1, state=State.IN_ANALYSIS, **more)
    life.term.take(own)
    fact = life.fact(f"{kind.TYPE} {uuid4()}", cause, kind, state, deadline=life.term.count(), **more)
    life.inbox(f"told {fact.id}", fact, AssignmentUpdated)
    return fact


def _by(life: Life, command: Record, text: str | None = None) -> dict[str, Any]:
    said = {} if text is None else {"text": text}
    return {"department": life.department, "command_id": command.cause, **said}


def asked(life: Life) -> None:
    """Two documents are asked, and delivered one by one."""
    command = life.command("ask", RequestInformation, AssignmentInformationRequested, items=ITEMS)
    life.asked = tuple(AskedItem(**dict(item), number=number) for number, item in enumerate(ITEMS, 1))
    term = life.term.count()
    own = {"items": (1, 2), "deliver_until": UNTIL, "deliver_term": term, "asked": life.asked}
    _change(life, command, DocumentsRequested, State.AWAITING_DOCUMENTS, **_by(life, command), **own)
    for number in (1, 2):
        _deliver(life, number)


def _deliver(life: Life, number: int) -> None:
    files = some_files(1)
    act = replace(message(f"Aqui está o {number}.º."), files=files, items={number: (files[0].document_id,)})
    life.acts = (*life.acts, act)
    _set(life, number, state=ItemState.CHECKING, documents=(files[0].document_id,))
    written = life.write(act)
    life.term.take(written.fact)
    _set(life, number, state=ItemState.RECEIVED)
    life.accept(written, files[0], item=number, asked=life.asked)
    accepted = next(record for record in reversed(life.records) if record.cause == written.id)
    if number == len(ITEMS):
        life.assignment["epoch"] += 1
        _change(life, accepted, DocumentsReceived, State.IN_ANALYSIS)


def _set(life: Life, number: int, **fields: Any) -> None:
    life.asked = tuple(item.model_copy(update=fields) if item.number == number else item for item in life.asked)


def heard(life: Life) -> None:
    """The person answers the intention to refuse."""
    command = life.command("hear", Hear, AssignmentHearingRequested, text="Tencionamos indeferir.")
    own = {"answer_until": UNTIL, "answer_term": life.term.count()}
    _change(life, command, HearingOpened, State.IN_ANALYSIS, **_by(life, command, "Tencionamos indeferir."), **own)
    act = message("Não concordo.")
    life.acts = (*life.acts, act)
    written = life.write(act)
    done = next(record for record in life.records if record.id == written.cause)
    _change(life, done, HearingClosed, answered=True)


def transferred(life: Life) -> None:
    """To another department, which gets all of it."""
    command = life.command("transfer", Transfer, AssignmentTransferRequested, to="rec", text="É de outro serviço.")
    former, own = life.department, dict(life.assignment)
    life.department, life.hops = "rec", life.hops + 1
    life.assignment.update(assignment_id=uuid4(), department="rec", epoch=own["epoch"] + 1)
    more = {"from_department": former, "hops": life.hops}
    fact = life.fact("forwarded", command, RequestForwarded, **_by(life, command, "É de outro serviço."), **more)
    life.term.department = "rec"
    life.inbox("closed forwarded", fact, AssignmentClosed, **own, transferred_to="rec")
    life.inbox("created forwarded", fact, AssignmentCreated)


def extended(life: Life) -> None:
    command = life.command("extend", Extend, AssignmentExtensionRequested, until=LATER, text="Falta um parecer.")
    life.term.until[command.cause] = LATER
    _change(life, command, RequestExtended, **_by(life, command, "Falta um parecer."))


def came_back(life: Life) -> None:
    """The person writes after the answer, and the department answers again."""
    act = Act(REOPENING, str(uuid4()), "Afinal falta uma coisa.")
    life.acts = (*life.acts, act)
    done = life.act(act, Reopened, text=act.text)
    life.assignment["epoch"] += 1
    own = {"act_id": act.act_id, "department": life.department}
    life.term.take(RequestReopened(**life.named, account_id=uuid4(), seq=1, state=State.IN_ANALYSIS, **own))
    fact = life.fact("reopened", done, RequestReopened, State.IN_ANALYSIS, deadline=life.term.count(), **own)
    life.inbox("created reopened", fact, AssignmentCreated)
    life.added(act, done)
    life.answer()


def rated(life: Life) -> None:
    act = Act(RATING, str(uuid4()), "Foi rápido.", score=5)
    life.acts = (*life.acts, act)
    done = life.act(act, Rated, score=5, text=act.text)
    life.fact(f"rated {act.act_id}", done, RequestRated, act_id=act.act_id, score=5, text=act.text)


def everything() -> Life:
    """A life with all of them."""
    return Life(steps=(asked, heard, transferred, extended), after=(came_back, rated))
