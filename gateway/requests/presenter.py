"""Presents requests, timelines and receipts as the API's response bodies, in one language."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from gateway.requests.labels import FACT_LABELS, REFUSED, reason_of
from gateway.requests.queries import Found
from gateway.requests.receipts import Receipt
from gateway.requests.schemas import (
    ActOutcome,
    ReceiptResponse,
    RequestResponse,
    RequestSummary,
    Timeline,
    TimelineEntry,
)
from gateway.requests.view import RequestView, TimelineFact
from services.common.catalogue import Catalogue, Language, Named
from services.common.catalogue.state_names import STATE_NAMES
from services.common.contracts.lifecycle import State


class RequestPresenter:
    """`catalogue` gives the names of subjects, reasons and departments."""

    def __init__(self, catalogue: Catalogue, language: Language) -> None:
        self._catalogue = catalogue
        self._language = language

    def request(self, found: Found, after: UUID | None = None) -> RequestResponse:
        """The request; with the outcome of the act `after`, if given."""
        view = found.view
        act = None if after is None else self._act_outcome(view, after)
        if view is None:
            return RequestResponse(**dict(self._receipt_summary(found.receipt)), act=act)
        return RequestResponse(
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
            state_name=self._state_name(view.state),
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
        """Facts in the order of `seq`, even if clocks went back. Each notice comes after its fact, by its time."""
        view = found.view
        if view is None:
            return Timeline(reference=found.receipt.reference, entries=[self._received(found.receipt.filed_at)])
        timed = [(view.filed_at, self._received(view.filed_at))]
        notices = sorted(view.notices.values(), key=lambda notice: (notice.at, notice.id))
        latest = view.filed_at
        for seq, fact in sorted(view.facts.items()):
            latest = max(latest, fact.at)
            timed += [(latest, entry) for entry in self._entries(fact, int(seq))]
            own_notices = [notice for notice in notices if notice.about == fact.id]
            timed += [(max(latest, notice.at), entry) for notice in own_notices for entry in self._entries(notice)]
        fact_ids = {fact.id for fact in view.facts.values()}
        other_notices = [notice for notice in notices if notice.about not in fact_ids]
        timed += [(notice.at, entry) for notice in other_notices for entry in self._entries(notice)]
        timed.sort(key=lambda time_and_entry: time_and_entry[0])
        return Timeline(reference=view.reference, entries=[entry for _, entry in timed])

    def receipt(self, receipt: Receipt, secret: bytes) -> ReceiptResponse:
        summary = self._receipt_summary(receipt)
        return ReceiptResponse(
            reference=receipt.reference,
            request_id=receipt.request_id,
            filed_at=receipt.filed_at,
            subject=summary.subject,
            subject_name=summary.subject_name,
            reason=summary.reason,
            reason_name=summary.reason_name,
            content=receipt.content or None,
            receipt=receipt.signed(secret),
        )

    def _receipt_summary(self, receipt: Receipt) -> RequestSummary:
        return RequestSummary(
            reference=receipt.reference,
            request_id=receipt.request_id,
            state=State.RECEIVED,
            state_name=self._state_name(State.RECEIVED),
            subject=receipt.subject,
            subject_name=self._name(receipt.subject, self._catalogue.subjects),
            reason=receipt.reason,
            reason_name=self._name(receipt.reason, self._catalogue.reasons),
            filed_at=receipt.filed_at,
            updated_at=receipt.filed_at,
        )

    def _received(self, at: datetime) -> TimelineEntry:
        title = FACT_LABELS["request.submitted"].in_(self._language)
        name = self._state_name(State.RECEIVED)
        return TimelineEntry(type="request.submitted", title=title, at=at, state=State.RECEIVED, state_name=name)

    def _entries(self, fact: TimelineFact, seq: int | None = None) -> list[TimelineEntry]:
        """One entry; none for an internal fact."""
        label = FACT_LABELS.get(fact.type)
        if label is None or (fact.type == REFUSED and fact.act_id is None):
            return []
        return [
            TimelineEntry(
                seq=seq,
                type=fact.type,
                title=label.in_(self._language),
                at=fact.at,
                state=fact.state,
                state_name=None if fact.state is None else self._state_name(fact.state),
                department=fact.department,
                department_name=self._name(fact.department, self._catalogue.departments),
                text=fact.text,
                document_id=fact.document_id,
                document_name=fact.document_name,
                documents=fact.documents or None,
                act_id=fact.act_id,
                because=fact.because,
                because_text=self._reason_text(fact),
                channel=fact.channel,
            )
        ]

    def _state_name(self, state: State) -> str:
        return STATE_NAMES[state].name(self._language)

    def _name(self, code: str | None, entries: Mapping[str, Named]) -> str | None:
        """The name of a code; the code itself if the current catalogue does not have it."""
        entry = entries.get(code) if code else None
        return code if entry is None else entry.name(self._language)

    def _reason_text(self, fact: TimelineFact) -> str | None:
        label = reason_of(fact.because, fact.state)
        return None if label is None else label.in_(self._language)

    def _act_outcome(self, view: RequestView | None, act_id: UUID) -> ActOutcome:
        fact = None if view is None else view.outcome_of(act_id)
        if fact is None:
            return ActOutcome(act_id=act_id, outcome="pending")
        return ActOutcome(
            act_id=act_id,
            outcome="refused" if fact.type == REFUSED else "applied",
            because=fact.because,
            because_text=self._reason_text(fact),
        )
