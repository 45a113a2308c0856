"""What is shown of a request, as the API publishes it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from gateway.requests.reading import Found
from gateway.requests.receipts import Receipt
from gateway.requests.view import Happened, RequestView
from gateway.requests.words import BECAUSE, HAPPENED, REFUSED, STATES
from services.common.catalogue import Catalogue, Language, Named
from services.common.contracts.lifecycle import State


class RequestFiled(BaseModel):
    """`receipt` proves the filing; shown as `Postigo-Receipt`, any replica finds the request at once."""

    reference: str = Field(examples=["PO-7K3QX-9M2TA-4"])
    request_id: UUID
    state: State
    receipt: str


class ActTaken(BaseModel):
    """`act_id` as `?after=` of a read: it then waits a moment for what became of the act."""

    reference: str = Field(examples=["PO-7K3QX-9M2TA-4"])
    act_id: UUID


class RequestSummary(BaseModel):
    """Each code stands beside its name for people, in the language of the answer."""

    reference: str
    request_id: UUID
    state: State
    state_name: str
    subject: str | None = None
    subject_name: str | None = None
    reason: str | None = None
    reason_name: str | None = None
    department: str | None = None
    department_name: str | None = None
    filed_at: datetime
    updated_at: datetime


class ActShown(BaseModel):
    """What became of the act that `after` names: `pending` until it is judged. `because` says why it was refused:
    `not-allowed` where the request stands, or `too-many-acts`. `because_text` says it to people.
    """

    act_id: UUID
    outcome: Literal["pending", "applied", "refused"]
    because: str | None = None
    because_text: str | None = None


class RequestShown(RequestSummary):
    """`description` and `documents` are absent for the moments in which only the receipt is known."""

    act: ActShown | None = None
    description: str | None = None
    documents: tuple[UUID, ...] = ()
    entered_on: date | None = None
    due_on: date | None = None


class RequestPage(BaseModel):
    """`next` is the `cursor` of the next page; absent on the last."""

    items: list[RequestSummary]
    next: str | None = None


class TimelineEntry(BaseModel):
    """`seq` numbers what happened to the request; a notice has none. `act_id` is that of your own act, if it was one.

    `because` says why something was refused or a notice did not leave, `because_text` the same to people.
    """

    seq: int | None = None
    type: str
    title: str
    at: datetime
    state: State | None = None
    state_name: str | None = None
    department: str | None = None
    department_name: str | None = None
    text: str | None = None
    document_id: UUID | None = None
    document_name: str | None = None
    documents: tuple[UUID, ...] | None = None
    act_id: str | None = None
    because: str | None = None
    because_text: str | None = None
    channel: str | None = None


class Timeline(BaseModel):
    reference: str
    entries: list[TimelineEntry]


class ReceiptShown(BaseModel):
    """`content` is the SHA-256 (hexadecimal) of the canonical JSON of the body that was filed, where it is known."""

    reference: str
    request_id: UUID
    filed_at: datetime
    subject: str | None = None
    subject_name: str | None = None
    reason: str | None = None
    reason_name: str | None = None
    content: str | None = None
    receipt: str


class Shower:
    """Shows in one language, with the catalogue's names."""

    def __init__(self, catalogue: Catalogue, language: Language) -> None:
        self._catalogue = catalogue
        self._language = language

    def request(self, found: Found, after: UUID | None = None) -> RequestShown:
        """With what became of the act `after`, if one was asked about."""
        view = found.view
        act = None if after is None else self._act(view, after)
        if view is None:
            return RequestShown(**dict(self._receipt_summary(found.receipt)), act=act)
        return RequestShown(
            **dict(self.summary(view)),
            act=act,
            description=view.description,
            documents=view.documents,
            entered_on=None if view.entered_on is None else date.fromisoformat(view.entered_on),
            due_on=None if view.due_on is None else date.fromisoformat(view.due_on),
        )

    def summary(self, view: RequestView) -> RequestSummary:
        return RequestSummary(
            reference=view.reference,
            request_id=view.request_id,
            state=view.state,
            state_name=self._state(view.state),
            subject=view.subject,
            subject_name=self._name(view.subject, self._catalogue.subjects),
            reason=view.reason,
            reason_name=self._name(view.reason, self._catalogue.reasons),
            department=view.department,
            department_name=self._name(view.department, self._catalogue.departments),
            filed_at=view.filed_at,
            updated_at=view.updated_at,
        )

    def timeline(self, found: Found) -> Timeline:
        """What happened in the order of `seq`, whatever the clocks said; each notice behind what it told of, by its time."""
        view = found.view
        if view is None:
            return Timeline(reference=found.receipt.reference, entries=[self._received(found.receipt.filed_at)])
        shown = [(view.filed_at, self._received(view.filed_at))]
        notices = sorted(view.notices.values(), key=lambda notice: (notice.at, notice.id))
        reached = view.filed_at
        for seq, fact in sorted(view.facts.items()):
            reached = max(reached, fact.at)
            shown += [(reached, entry) for entry in self._entries(fact, int(seq))]
            told = [notice for notice in notices if notice.about == fact.id]
            shown += [(max(reached, notice.at), entry) for notice in told for entry in self._entries(notice)]
        known = {fact.id for fact in view.facts.values()}
        others = [notice for notice in notices if notice.about not in known]
        shown += [(notice.at, entry) for notice in others for entry in self._entries(notice)]
        shown.sort(key=lambda at_and_entry: at_and_entry[0])
        return Timeline(reference=view.reference, entries=[entry for _, entry in shown])

    def receipt(self, receipt: Receipt, secret: bytes) -> ReceiptShown:
        summary = self._receipt_summary(receipt)
        return ReceiptShown(
            reference=receipt.reference,
            request_id=receipt.request_id,
            filed_at=receipt.filed_at,
            subject=summary.subject,
            subject_name=summary.subject_name,
            reason=summary.reason,
            reason_name=summary.reason_name,
            content=receipt.content or None,
            receipt=receipt.sealed(secret),
        )

    def _receipt_summary(self, receipt: Receipt) -> RequestSummary:
        return RequestSummary(
            reference=receipt.reference,
            request_id=receipt.request_id,
            state=State.RECEIVED,
            state_name=self._state(State.RECEIVED),
            subject=receipt.subject,
            subject_name=self._name(receipt.subject, self._catalogue.subjects),
            reason=receipt.reason,
            reason_name=self._name(receipt.reason, self._catalogue.reasons),
            filed_at=receipt.filed_at,
            updated_at=receipt.filed_at,
        )

    def _received(self, at: datetime) -> TimelineEntry:
        title = HAPPENED["request.submitted"].in_(self._language)
        name = self._state(State.RECEIVED)
        return TimelineEntry(type="request.submitted", title=title, at=at, state=State.RECEIVED, state_name=name)

    def _entries(self, entry: Happened, seq: int | None = None) -> list[TimelineEntry]:
        """One entry, or none for what is between our rooms."""
        words = HAPPENED.get(entry.type)
        if words is None or (entry.type == REFUSED and entry.act_id is None):
            return []
        return [
            TimelineEntry(
                seq=seq,
                type=entry.type,
                title=words.in_(self._language),
                at=entry.at,
                state=entry.state,
                state_name=None if entry.state is None else self._state(entry.state),
                department=entry.department,
                department_name=self._name(entry.department, self._catalogue.departments),
                text=entry.text,
                document_id=entry.document_id,
                document_name=entry.document_name,
                documents=entry.documents or None,
                act_id=entry.act_id,
                because=entry.because,
                because_text=self._because(entry.because),
                channel=entry.channel,
            )
        ]

    def _state(self, state: State) -> str:
        return STATES[state].in_(self._language)

    def _name(self, code: str | None, entries: Mapping[str, Named]) -> str | None:
        """The name of a code; the code itself where this catalogue does not know it (any more)."""
        entry = entries.get(code) if code else None
        return code if entry is None else entry.name(self._language)

    def _because(self, code: str | None) -> str | None:
        words = BECAUSE.get(code or "")
        return None if words is None else words.in_(self._language)

    def _act(self, view: RequestView | None, act_id: UUID) -> ActShown:
        fact = None if view is None else view.became_of(act_id)
        if fact is None:
            return ActShown(act_id=act_id, outcome="pending")
        return ActShown(
            act_id=act_id,
            outcome="refused" if fact.type == REFUSED else "applied",
            because=fact.because,
            because_text=self._because(fact.because),
        )
