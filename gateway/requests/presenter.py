"""Presents requests, timelines and receipts in one language, as the API publishes them."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from gateway.requests.labels import FACT_LABELS, REASON_LABELS, REFUSED, STATE_LABELS
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
from services.common.contracts.lifecycle import State


class RequestPresenter:
    """With the names of `catalogue`."""

    def __init__(self, catalogue: Catalogue, language: Language) -> None:
        self._catalogue = catalogue
        self._language = language

    def request(self, found: Found, after: UUID | None = None) -> RequestResponse:
        """With what became of the act `after`, if one was asked about."""
        view = found.view
        act = None if after is None else self._act(view, after)
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
            state_name=self._state(State.RECEIVED),
            subject=receipt.subject,
            subject_name=self._name(receipt.subject, self._catalogue.subjects),
            reason=receipt.reason,
            reason_name=self._name(receipt.reason, self._catalogue.reasons),
            filed_at=receipt.filed_at,
            updated_at=receipt.filed_at,
        )

    def _received(self, at: datetime) -> TimelineEntry:
        title = FACT_LABELS["request.submitted"].in_(self._language)
        name = self._state(State.RECEIVED)
        return TimelineEntry(type="request.submitted", title=title, at=at, state=State.RECEIVED, state_name=name)

    def _entries(self, entry: TimelineFact, seq: int | None = None) -> list[TimelineEntry]:
        """One entry, or none for what is between our rooms."""
        words = FACT_LABELS.get(entry.type)
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
        return STATE_LABELS[state].in_(self._language)

    def _name(self, code: str | None, entries: Mapping[str, Named]) -> str | None:
        """The name of a code; the code itself where this catalogue does not know it (any more)."""
        entry = entries.get(code) if code else None
        return code if entry is None else entry.name(self._language)

    def _because(self, code: str | None) -> str | None:
        words = REASON_LABELS.get(code or "")
        return None if words is None else words.in_(self._language)

    def _act(self, view: RequestView | None, act_id: UUID) -> ActOutcome:
        fact = None if view is None else view.became_of(act_id)
        if fact is None:
            return ActOutcome(act_id=act_id, outcome="pending")
        return ActOutcome(
            act_id=act_id,
            outcome="refused" if fact.type == REFUSED else "applied",
            because=fact.because,
            because_text=self._because(fact.because),
        )
