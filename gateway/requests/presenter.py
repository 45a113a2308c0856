"""Presents requests and receipts as the API's response bodies, in one language."""

from datetime import UTC, date, datetime
from uuid import UUID

from gateway.requests.files import NamedFile, files_of
from gateway.requests.labels import REFUSED
from gateway.requests.names import Names
from gateway.requests.next_step import NOTHING, next_step
from gateway.requests.queries import Found
from gateway.requests.read_schemas import (
    ActOutcome,
    AskedDocument,
    DeadlineSummary,
    FollowUp,
    Hearing,
    Rating,
    ReceiptResponse,
    RequestFile,
    RequestResponse,
    RequestSummary,
)
from gateway.requests.receipts import Receipt
from gateway.requests.schemas import SubmissionResponse
from gateway.requests.status import Status, status_of
from gateway.requests.view import RequestView, TimelineFact
from services.common.catalogue import Language, catalogue
from services.common.contracts.asked import AskedItem
from services.common.contracts.lifecycle import State
from services.common.http.languages import Words
from services.common.legal_clock import day_of

FOLLOWS_UP = Words("Em seguimento do pedido {reference}.", "Following up on the request {reference}.")
"""The description of a follow-up of a message without text."""


class RequestPresenter:
    """`now` decides which dates are past."""

    def __init__(self, language: Language, now: datetime | None = None) -> None:
        self._language = language
        self._names = Names(language)
        self._today: date = day_of(now or datetime.now(UTC))

    def request(self, found: Found, after: UUID | None = None) -> RequestResponse:
        """The request; with the outcome of the act `after`, if given."""
        view = found.view
        act = None if after is None else self._act_outcome(view, after)
        if view is None:
            summary = self._receipt_summary(found.receipt)
            return RequestResponse(**dict(summary), act=act, next_step=NOTHING.in_(self._language))
        status, files = status_of(view), files_of(view)
        return RequestResponse(
            **dict(self.summary(view)),
            **self._dates(view, status),
            **self._decision(status),
            automatic=view.automatic,
            restricted=view.restricted_to is not None,
            act=act,
            description=view.description,
            documents=tuple(each.document_id for each in files),
            files=tuple(map(self._file, files)),
            linked_to=view.linked_to,
            answers=view.answers,
            asked=tuple(map(self._asked, status.asked)),
            rating=_rating(status.rating),
            next_step=next_step(status, self._today, self._language),
        )

    def summary(self, view: RequestView) -> RequestSummary:
        return RequestSummary(
            reference=view.reference,
            request_id=view.request_id,
            state=view.state,
            state_name=self._names.state(view.state),
            subject=view.subject,
            subject_name=self._names.subject(view.subject, view.catalogue_version),
            reason=view.reason,
            reason_name=self._names.reason(view.reason, view.catalogue_version),
            department=view.department,
            department_name=self._names.department(view.department),
            filed_at=view.filed_at,
            updated_at=view.updated_at,
        )

    def receipt(self, receipt: Receipt, secret: bytes, jws: str | None = None) -> ReceiptResponse:
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
            jws=jws,
        )

    def _dates(self, view: RequestView, status: Status) -> dict[str, object]:
        due_on, delivery, hearing = status.due_on, status.delivery, status.hearing
        return {
            "entered_on": None if view.entered_on is None else date.fromisoformat(view.entered_on),
            "due_on": due_on,
            "deadline": due_on
            and DeadlineSummary(due_on=due_on, suspended_since=status.deadline and status.deadline.suspended_since),
            "overdue": status.overdue,
            "deliver_until": delivery and delivery.until,
            "hearing": hearing and Hearing(text=hearing.text, answer_until=hearing.until),
            "reply_until": status.answer and status.answer.until,
        }

    def _decision(self, status: Status) -> dict[str, object]:
        answer = status.answer
        if answer is None:
            return {}
        return {
            "outcome": answer.outcome,
            "outcome_name": self._names.outcome(answer.outcome),
            "grounds": answer.grounds,
            "appeal": answer.appeal,
        }

    def _asked(self, item: AskedItem) -> AskedDocument:
        return AskedDocument(**dict(item), state_name=self._names.item_state(item.state))

    def _file(self, file: NamedFile) -> RequestFile:
        fact = file.checked
        if fact is None:
            return RequestFile(document_id=file.document_id, state=file.check, state_name=self._names.check(file.check))
        return RequestFile(
            document_id=file.document_id,
            state=file.check,
            state_name=self._names.check(file.check),
            name=fact.document_name,
            media_type=fact.media_type,
            size=fact.size,
            because=fact.because,
            because_text=self._names.because(fact),
        )

    def _receipt_summary(self, receipt: Receipt) -> RequestSummary:
        return RequestSummary(
            reference=receipt.reference,
            request_id=receipt.request_id,
            state=State.RECEIVED,
            state_name=self._names.state(State.RECEIVED),
            subject=receipt.subject,
            subject_name=self._names.subject(receipt.subject),
            reason=receipt.reason,
            reason_name=self._names.reason(receipt.reason),
            filed_at=receipt.filed_at,
            updated_at=receipt.filed_at,
        )

    def _act_outcome(self, view: RequestView | None, act_id: UUID) -> ActOutcome:
        fact = None if view is None else view.outcome_of(act_id)
        if view is None or fact is None:
            return ActOutcome(act_id=act_id, outcome="pending")
        return ActOutcome(
            act_id=act_id,
            outcome="refused" if fact.type == REFUSED else "applied",
            because=fact.because,
            because_text=self._names.because(fact),
            follow_up=self._follow_up(view, fact),
        )

    def _follow_up(self, view: RequestView, fact: TimelineFact) -> FollowUp | None:
        """The request that says what `fact` refused because this one is closed; None if it cannot be filed any more.

        A file belongs to one request: those of this one cannot be named in another.
        """
        subject, reason = view.subject or "", view.reason or ""
        if fact.because != "closed" or not catalogue().valid_leaf(subject, reason):
            return None
        own = {file.document_id for file in files_of(view)}
        return FollowUp(
            subject=subject,
            reason=reason,
            description=fact.text or FOLLOWS_UP.in_(self._language).format(reference=view.reference),
            documents=tuple(each for each in fact.documents if each not in own),
            linked_to=view.reference,
        )


def submission_response(receipt: Receipt, secret: bytes) -> SubmissionResponse:
    """What a filed request is answered with. `secret` signs its receipt."""
    return SubmissionResponse(
        reference=receipt.reference,
        request_id=receipt.request_id,
        state=State.RECEIVED,
        receipt=receipt.signed(secret),
    )


def _rating(fact: TimelineFact | None) -> Rating | None:
    return None if fact is None or fact.score is None else Rating(score=fact.score, text=fact.text)
