"""A run that went well, as evidence: what the tests of the checks then spoil in one place each."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from deploy.demo.cases import Act, Attachment, Case
from deploy.demo.client import Entry
from deploy.demo.data import DemoRequest, load_accounts
from deploy.demo.evidence import Evidence, Mail, Page
from deploy.demo.facts import TOLD, Facts, short
from services.common.contracts import DomainEvent
from services.common.contracts.assignments import AssignmentMade
from services.common.contracts.deliveries import DeliverySent
from services.common.contracts.departments import (
    Assignment,
    AssignmentCreated,
    AssignmentUpdated,
    AssignmentWithdrawn,
    Message,
)
from services.common.contracts.intake import RequestSubmitted
from services.common.contracts.lifecycle import (
    DocumentAccepted,
    LifecycleFact,
    MessageAdded,
    RequestAnswered,
    RequestConcluded,
    RequestInAnalysis,
    RequestRegistered,
    RequestRouted,
    RequestWithdrawn,
    State,
)
from services.common.domain.identifiers import derived_id, reference_of
from services.common.domain.received import Received
from tests.support.received import MONDAY, received

ACCOUNT = next(account for account in load_accounts() if account.key == "rita")
ACCOUNT_ID = uuid4()


def case(department: str = "pf", *, files: int = 0, acts: tuple[Act, ...] = ()) -> Case:
    """A request that was filed, with an id of its own, and what its author did afterwards."""
    request_id = uuid4()
    attachments = some_files(files)
    row = DemoRequest(
        account="rita",
        subject="FAM-01",
        reason="NPG",
        department=department,
        description=f"Não recebi o abono de maio. ({request_id})",
        documents=tuple(each.name for each in attachments),
    )
    return Case(row, ACCOUNT, ACCOUNT_ID, reference_of(request_id), request_id, attachments, acts)


def some_files(count: int) -> tuple[Attachment, ...]:
    return tuple(Attachment(uuid4(), f"ficheiro-{number}.pdf", "ab" * 32) for number in range(count))


@dataclass
class Life:
    """One request from its submit to its end, with all that it left behind. What its author did afterwards was in time."""

    case: Case

    @property
    def withdrawal(self) -> Act | None:
        return next((act for act in self.case.acts if act.text is None), None)

    def evidence(self) -> Evidence:
        facts = self.lifecycle()
        told = [fact for fact in facts if isinstance(fact.event, TOLD)]
        sent = [self.sent(fact) for fact in told]
        records = [self.submitted(), *facts, self.made(), self.created(), *self.told(facts), *sent]
        page = Page(
            State.WITHDRAWN if self.withdrawal else State.CONCLUDED, [self.entry(each) for each in (*facts, *sent)]
        )
        return Evidence(
            records=records,
            booked=[(self.case.reference, self.case.request_id)],
            mails=[Mail(str(each.event.delivery_id), ACCOUNT.email, self.case.reference) for each in sent],
            shown={self.case.reference: page},
        )

    def lifecycle(self) -> list[Received[Any]]:
        department = self.case.row.department
        answer = {"department": department, "text": "Está resolvido."}
        routed = {"department": department, "assignment_id": uuid4(), "epoch": 1, "rule": "subject:FAM-01"}
        steps: list[tuple[type[LifecycleFact], State, dict[str, Any]]] = [
            (RequestRegistered, State.REGISTERED, self._words() | {"calendar": "PT/1"}),
            *((MessageAdded, State.REGISTERED, _written(act)) for act in self.case.acts if act.text is not None),
            *((DocumentAccepted, State.REGISTERED, _accepted(each)) for each in self.case.files),
            (RequestRouted, State.REGISTERED, routed),
        ]
        if self.withdrawal is not None:
            steps.append((RequestWithdrawn, State.WITHDRAWN, {"act_id": str(self.withdrawal.act_id)}))
        else:
            steps.append((RequestInAnalysis, State.IN_ANALYSIS, {"department": department}))
            steps += [(RequestAnswered, State.ANSWERED, answer), (RequestConcluded, State.CONCLUDED, {})]
        return [self.fact(kind, seq, state, **more) for seq, (kind, state, more) in enumerate(steps, 1)]

    def fact(self, kind: type[LifecycleFact], seq: int, state: State, **more: Any) -> Received[Any]:
        event = kind(**self._names(), seq=seq, state=state, account_id=ACCOUNT_ID, **more)
        return self.record(event, seq=seq)

    def submitted(self) -> Received[Any]:
        row = self.case.row
        event = RequestSubmitted(
            **self._names(),
            account_id=ACCOUNT_ID,
            actor_id=ACCOUNT_ID,
            who="P",
            subject=row.subject,
            reason=row.reason,
            catalogue_version=1,
            description=row.description,
            documents=self.case.documents,
        )
        return self.record(event)

    def made(self, department: str | None = None) -> Received[Any]:
        names = self._names() | {"assignment_id": uuid4(), "department": department or self.case.row.department}
        return self.record(AssignmentMade(**names, epoch=1, rule="subject:FAM-01", rules_version="catalogue/1"))

    def created(self, department: str | None = None, **changed: Any) -> Received[Any]:
        return self.inbox(AssignmentCreated, **({"department": department or self.case.row.department} | changed))

    def told(self, facts: list[Received[Any]]) -> list[Received[Any]]:
        """What the department hears after that it has the request."""
        events = [each.event for each in facts]
        written = [Message(seq=each.seq, at=MONDAY, **_said(each)) for each in events if isinstance(each, MessageAdded)]
        gone = [each for each in events if isinstance(each, RequestWithdrawn)]
        news = [self.inbox(AssignmentUpdated, messages=(message,), as_of=message.seq) for message in written]
        return [*news, *(self.inbox(AssignmentWithdrawn, as_of=each.seq) for each in gone)]

    def inbox(self, kind: type[Assignment], **changed: Any) -> Received[Any]:
        own = {"assignment_id": uuid4(), "epoch": 1, "number": 1, "as_of": 1, "department": self.case.row.department}
        return self.record(kind(**(self._names() | self._words() | own | changed)))

    def sent(self, fact: Received[Any]) -> Received[Any]:
        delivery_id = derived_id(fact.id, "email", str(ACCOUNT_ID))
        about = {"event_id": fact.id, "account_id": ACCOUNT_ID, "notice": "registered", "channel": "email"}
        return self.record(DeliverySent(**self._names(), delivery_id=delivery_id, **about))

    def entry(self, record: Received[Any]) -> Entry:
        event = record.event
        own = {name: getattr(event, name, None) for name in ("seq", "text", "act_id")}
        return Entry(type=short(type(event)), title="-", at=record.at, **own)

    def record(self, event: DomainEvent, *, seq: int = 0) -> Received[Any]:
        at = MONDAY + timedelta(milliseconds=10 * seq)
        return received(event, topic=event.topic, key=self.case.request_id, at=at)

    def _names(self) -> dict[str, Any]:
        return {"request_id": self.case.request_id, "reference": self.case.reference, "occurred_at": MONDAY}

    def _words(self) -> dict[str, Any]:
        row, day = self.case.row, date(2026, 1, 5)
        words = {"subject": row.subject, "reason": row.reason, "description": row.description}
        person = {"who": "P", "catalogue_version": 1, "language": "pt"}
        return words | person | {"documents": self.case.documents, "entered_on": day, "due_on": day}


def _accepted(file: Attachment) -> dict[str, Any]:
    about = {"document_id": file.document_id, "name": file.name, "media_type": "application/pdf"}
    return about | {"size": 9, "sha256": file.sha256}


def _written(act: Act) -> dict[str, Any]:
    return {"act_id": str(act.act_id), "text": act.text, "documents": act.documents}


def _said(event: MessageAdded) -> dict[str, Any]:
    return {"text": event.text, "documents": event.documents}


def together(*lives: Life) -> Facts:
    """The facts of a run of all these requests."""
    evidence = Evidence()
    for life in lives:
        own = life.evidence()
        evidence = replace(
            evidence,
            records=[*evidence.records, *own.records],
            booked=[*evidence.booked, *own.booked],
            mails=[*evidence.mails, *own.mails],
            shown={**evidence.shown, **own.shown},
        )
    return Facts(len(lives), [life.case for life in lives], evidence)


def spoiled(facts: Facts, **changed: Any) -> Facts:
    """The same run with other evidence."""
    return Facts(facts.wanted, facts.cases, replace(facts.evidence, **changed))


def without(facts: Facts, kind: type, request_id: UUID) -> Facts:
    """The same run, where nothing of this kind was said about one request."""
    left = [
        each for each in facts.evidence.records if not (isinstance(each.event, kind) and each.key == str(request_id))
    ]
    return spoiled(facts, records=left)
