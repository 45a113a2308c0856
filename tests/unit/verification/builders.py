"""Builders of correct histories: the whole life of a request, for tests that spoil it in one place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from deploy.demo.cases import submission_of
from deploy.demo.client import Entry
from deploy.demo.data import DemoRequest, load_accounts
from deploy.verification.clauses.terms import Term
from deploy.verification.evidence import (
    MESSAGE,
    WITHDRAWAL,
    Act,
    File,
    Mail,
    Page,
    Record,
    StoredDocument,
    Submission,
    short,
)
from deploy.verification.expectations import case_key, delivery_of, is_internal, is_notified
from deploy.verification.history import History
from gateway.requests.view import seq_key
from services.common.contracts import topics
from services.common.contracts.asked import AskedItem, ItemDelivery
from services.common.contracts.assignments import AssignmentAcknowledged, AssignmentMade, AssignmentResolved
from services.common.contracts.commands import Acknowledge, Command, Resolve
from services.common.contracts.deliveries import DeliverySent
from services.common.contracts.departments import (
    Assignment,
    AssignmentClosed,
    AssignmentCreated,
    AssignmentUpdated,
    AssignmentWithdrawn,
    CommandUnreadable,
    Message,
)
from services.common.contracts.documents import FileAccepted
from services.common.contracts.intake import RequestReplied, RequestSubmitted, Withdrawn
from services.common.contracts.lifecycle import (
    CommandRef,
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
from services.common.domain.position import Position
from tests.support.received import MONDAY, received

AUTHOR: Final = next(account for account in load_accounts() if account.key == "rita")
ACCOUNT: Final = uuid4()
ENTERED: Final = date(2026, 1, 5)
REPLY_UNTIL: Final = date(2026, 1, 19)
NOTICE: Final = {"account_id": ACCOUNT, "notice": "registered", "channel": "email"}
RESOLVED: Final = "Está resolvido."


def some_files(count: int) -> tuple[File, ...]:
    return tuple(File(uuid4(), f"ficheiro-{number}.pdf", "ab" * 32) for number in range(count))


def message(text: str = "Falta um papel.", files: int = 0) -> Act:
    return Act(MESSAGE, str(uuid4()), text, some_files(files))


def withdrawal() -> Act:
    return Act(WITHDRAWAL, str(uuid4()))


@dataclass
class Life:
    """One request from its submit to its end, with its files and acts, and further `steps` before and after it is resolved.

    A test may add `records` before it calls `history`. Acts that are set after construction have no effect.
    """

    department: str = "pf"
    files: Sequence[File] = ()
    acts: Sequence[Act] = ()
    steps: Sequence[Callable[["Life"], None]] = ()
    after: Sequence[Callable[["Life"], None]] = ()
    request_id: UUID = field(default_factory=uuid4)
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reference = reference_of(self.request_id)
        self.first_department = self.department
        self.assignment: dict[str, Any] = {"assignment_id": uuid4(), "department": self.department, "epoch": 1}
        self.messages: tuple[Message, ...] = ()
        self.state, self.hops = State.RECEIVED, 0
        self.asked: tuple[AskedItem, ...] = ()
        self.term = Term({}, department=self.department, entered_on=ENTERED)
        submit = RequestSubmitted(**self.names, **self.words, account_id=ACCOUNT, actor_id=ACCOUNT, who="P")
        submitted = self.append("submit", submit)
        self.registered = self.fact(
            "registered",
            submitted,
            RequestRegistered,
            State.REGISTERED,
            **self.words,
            **self.days,
            calendar=self.term.count().calendar,
            deadline=self.term.count(),
            who="P",
        )
        self.created = self.inbox("created", self.registered, AssignmentCreated)
        made = AssignmentMade(**self.named, **self.assignment, rule="r", rules_version="1")
        made_record = self.append("made", made, cause=self.registered)
        self.fact("routed", made_record, RequestRouted, **self.assignment, rule="r")
        self._attach(self.registered, self.files)
        for act in self.acts:
            self._act(act)
        for step in self.steps:
            step(self)
        if not self.withdrawn:
            self.answer()
        for step in self.after:
            step(self)
        for fact in self.notified():
            sent = DeliverySent(**self.named, delivery_id=self.delivery(fact), event_id=fact.id, **NOTICE)
            self.append(f"sent {fact.id}", sent, cause=fact)

    @property
    def withdrawn(self) -> bool:
        return any(isinstance(record.event, RequestWithdrawn) for record in self.records)

    @property
    def days(self) -> dict[str, date]:
        return {"entered_on": ENTERED, "due_on": self.term.count().due_on}

    @property
    def names(self) -> dict[str, Any]:
        return {"request_id": self.request_id, "reference": self.reference}

    @property
    def named(self) -> dict[str, Any]:
        return self.names | {"occurred_at": MONDAY}

    @property
    def words(self) -> dict[str, Any]:
        text = f"Não recebi o abono. ({self.request_id})"
        about = {"subject": "FAM-01", "reason": "NPG", "catalogue_version": 1, "language": "pt", "description": text}
        return about | {"documents": tuple(file.document_id for file in self.files)}

    def _attach(self, cause: Record, files: Sequence[File]) -> None:
        for file in files:
            self.accept(cause, file)

    def accept(self, cause: Record, file: File, **more: Any) -> None:
        """The file is checked, and its department told. `more`: further fields of the fact."""
        about = {"document_id": file.document_id, "name": file.name, "media_type": "application/pdf", "size": 9}
        kept = FileAccepted(**self.named, **about, sha256=file.sha256)
        accepted = self.append(f"kept {file.document_id}", kept, cause=cause)
        name = f"accepted {file.document_id}"
        fact = self.fact(name, accepted, DocumentAccepted, **about, sha256=file.sha256, **more)
        self.inbox(f"told {file.document_id}", fact, AssignmentUpdated)

    def _act(self, act: Act) -> None:
        if act.kind != WITHDRAWAL:
            self.write(act)
            return
        done = self.act(act, Withdrawn)
        fact = self.fact(f"act {act.act_id}", done, RequestWithdrawn, State.WITHDRAWN, act_id=act.act_id)
        self.inbox(f"told {act.act_id}", fact, AssignmentWithdrawn)
        self.inbox(f"closed {act.act_id}", fact, AssignmentClosed)

    def act(self, act: Act, kind: type[Any], **fields: Any) -> Record:
        """The person's act on its topic."""
        assert act.act_id is not None
        who = {"account_id": ACCOUNT, "actor_id": ACCOUNT}
        return self.append(f"done {act.act_id}", kind(**self.names, **who, **fields), id=act.act_id)

    def write(self, act: Act) -> Record:
        """A message, with the check of its files. Those that are for an asked document are checked by its step."""
        items = tuple(ItemDelivery(item=item, documents=files) for item, files in act.items.items())
        done = self.act(act, RequestReplied, text=act.text, documents=act.documents, items=items)
        fact = self.added(act, done, items=items)
        self._attach(fact, [file for file in act.files if not act.items])
        return fact

    def added(self, act: Act, done: Record, **more: Any) -> Record:
        """The fact of a message, and its inbox event."""
        words = {"text": act.text, "documents": act.documents}
        fact = self.fact(f"act {act.act_id}", done, MessageAdded, act_id=act.act_id, **words, **more)
        self.messages = (*self.messages, Message(seq=fact.fact.seq, at=MONDAY, **words))
        self.inbox(f"told {act.act_id}", fact, AssignmentUpdated)
        return fact

    def answer(self) -> None:
        """The department acknowledges the request if it is new, and resolves it."""
        turn = f"in epoch {self.assignment['epoch']}"
        if self.state is State.REGISTERED:
            self.acknowledge = self.command(f"acknowledge {turn}", Acknowledge, AssignmentAcknowledged)
            own = {"department": self.department, "command_id": self.acknowledge.cause}
            analysed = self.fact("in-analysis", self.acknowledge, RequestInAnalysis, State.IN_ANALYSIS, **own)
            self.inbox("told in-analysis", analysed, AssignmentUpdated)
        self.resolve = self.command(f"resolve {turn}", Resolve, AssignmentResolved, text=RESOLVED)
        own = {"department": self.department, "command_id": self.resolve.cause, "text": RESOLVED}
        said = own | {"concludes": True, "reply_until": REPLY_UNTIL}
        answered = self.fact(f"answered {turn}", self.resolve, RequestAnswered, State.ANSWERED, **said)
        self.inbox(f"told answered {turn}", answered, AssignmentUpdated)
        command_id = self.resolve.cause
        concluded = self.fact(
            f"concluded {turn}", self.resolve, RequestConcluded, State.CONCLUDED, command_id=command_id
        )
        self.inbox(f"told concluded {turn}", concluded, AssignmentClosed)

    def append(
        self, name: str, event: Any, *, cause: Record | None = None, topic: str | None = None, id: str | None = None
    ) -> Record:
        """Append `event`. Its id derives from `name` unless `id` is given."""
        where = topic or event.topic
        offset = sum(record.topic == where for record in self.records)
        at = MONDAY + timedelta(milliseconds=10 * len(self.records))
        identifier = id or str(derived_id("test", str(self.request_id), name))
        incoming = received(event, topic=where, key=self.request_id, at=at, id=identifier, offset=offset)
        self.records.append(_record(incoming, cause.id if cause else identifier))
        return self.records[-1]

    def fact(
        self, called: str, cause: Record | None, kind: type[Any], state: State | None = None, /, **more: Any
    ) -> Record:
        """Append a lifecycle fact with the next number. Without `state` the request stays where it is."""
        self.state = state or self.state
        seq = 1 + sum(isinstance(record.event, LifecycleFact) for record in self.records)
        own = {"account_id": ACCOUNT, "seq": seq, "state": self.state, "epoch": self.assignment["epoch"]}
        return self.append(called, kind(**self.named | own | more), cause=cause)

    def inbox(self, name: str, cause: Record, kind: type[Assignment], **changed: Any) -> Record:
        """Append an event to the department's inbox: the whole assignment, with the next number."""
        number = 1 + sum(isinstance(record.event, Assignment) for record in self.records)
        words = {each: self.words[each] for each in ("subject", "reason", "description", "documents")}
        because = cause.fact.command_id or cause.id
        more = {"number": number, "as_of": cause.fact.seq, "messages": self.messages, "because": because}
        stands = {"state": self.state, "deadline": self.term.count(), "asked": self.asked, "hops": self.hops}
        return self.append(
            name, kind(**(self.named | self.assignment | words | self.days | stands | more | changed)), cause=cause
        )

    def command(self, name: str, kind: type[Any], forwarded_as: type[Any], **data: Any) -> Record:
        """Append a command of the department and the fact with which routing forwards it. Returns the fact."""
        last = [record for record in self.records if isinstance(record.event, Assignment)][-1]
        assert isinstance(last.event, Assignment)
        seen = {"assignment_id": self.assignment["assignment_id"], "epoch": self.assignment["epoch"]}
        command = kind(**seen, seen=last.event.as_of, **data)
        sent = self.append(name, command, cause=last, topic=topics.outbox(self.department))
        place = CommandRef(id=sent.id, topic=sent.topic, partition=3, offset=sent.position.offset)
        forwarded = forwarded_as(**self.named, **self.assignment, seen=1, command=place, **data)
        return self.append(f"{name} forwarded", forwarded, cause=sent)

    def unreadable_command(self) -> Record:
        """Append a record to the department's outbox that nobody can read."""
        command = next(record for record in self.records if isinstance(record.event, Command))
        offset = 1 + max(record.position.offset for record in self.records if record.topic == command.topic)
        position = command.position._replace(offset=offset)
        self.records.append(replace(command, position=position, id="", digest=b"-", received=None))
        return self.records[-1]

    def answer_unreadable(self, position: Position) -> None:
        where = {"command_topic": position.topic, "command_partition": 3, "command_offset": position.offset}
        about = {"department": self.department, "code": "not-json", "detail": "The value is not JSON in UTF-8."}
        self.append(f"answer {position}", CommandUnreadable(occurred_at=MONDAY, **about, **where))

    def notified(self) -> list[Record]:
        """The facts that cause a notice."""
        return [record for record in self.records if record.event is not None and is_notified(record.event)]

    def delivery(self, fact: Record) -> str:
        assert fact.received is not None
        delivery = delivery_of(fact.received)
        assert delivery is not None
        return delivery

    @property
    def submission(self) -> Submission:
        row = DemoRequest(
            account=AUTHOR.key,
            subject=self.words["subject"],
            reason=self.words["reason"],
            department=self.first_department,
            description=self.words["description"],
        )
        sent = submission_of(1, row, AUTHOR, ACCOUNT)
        return replace(sent, files=self.files, reference=self.reference, request_id=self.request_id, acts=self.acts)

    def history(self) -> History:
        """The history of this life, with correct stores, mails and page."""
        return History(
            submissions=[self.submission],
            records=list(self.records),
            stored=self.stored(),
            mails=[Mail(self.delivery(fact), AUTHOR.email, self.reference) for fact in self.notified()],
            pages={self.reference: self.page()},
        )

    def page(self) -> Page[Entry]:
        facts = [each for each in self.records if isinstance(each.event, LifecycleFact) and not is_internal(each.event)]
        sent = [each for each in self.records if isinstance(each.event, DeliverySent)]
        last = max(facts, key=lambda each: each.fact.seq)
        return Page(last.fact.state, [entry_of(record) for record in (*facts, *sent)])

    def stored(self) -> dict[str, dict[str, StoredDocument]]:
        facts = [record for record in self.records if isinstance(record.event, LifecycleFact)]
        last = facts[-1].fact
        book = {"request_id": self.request_id, "state": last.state, "seq": last.seq, "department": self.department}
        view = {
            "state": last.state,
            "description": self.words["description"],
            "department": self.department,
            "facts": {seq_key(record.fact.seq): {"id": record.id} for record in facts},
            "notices": {record.id: {} for record in self.records if isinstance(record.event, DeliverySent)},
        }
        intake = self.inbox_of(topics.INTAKE, topics.ASSIGNMENTS, topics.DOCUMENTS)
        outboxes = {record.topic for record in self.records if isinstance(record.event, Command)}
        routing = self.inbox_of(topics.LIFECYCLE, *outboxes)
        return {
            "intake": {self.reference: StoredDocument(self.reference, book, intake)},
            "routing": {str(self.request_id): StoredDocument(str(self.request_id), {}, routing)},
            "documents": {
                str(file.document_id): StoredDocument(str(file.document_id), {}, self.inbox_of(topics.LIFECYCLE))
                for file in self.submission.all_files
            },
            "gateway-views": {self.reference: StoredDocument(self.reference, view)},
            "gateway-desk": self.cases(),
            "notifications": {
                self.delivery(fact): StoredDocument(
                    self.delivery(fact), {"status": "sent", "request_id": self.request_id}
                )
                for fact in self.notified()
            },
        }

    def cases(self) -> dict[str, StoredDocument]:
        """What each department that got the request can list."""
        found: dict[str, StoredDocument] = {}
        for record in self.records:
            if isinstance(event := record.event, Assignment):
                key = case_key(event.department, record.key)
                closed = isinstance(event, AssignmentClosed)
                found[key] = StoredDocument(key, {"closed": closed, "assignment": event.model_dump()})
        return found

    def inbox_of(self, *names: str) -> tuple[str, ...]:
        return tuple(f"{record.topic} {record.id}" for record in self.records if record.topic in names)


def entry_of(record: Record) -> Entry:
    """The timeline entry of a record."""
    event = record.event
    assert event is not None
    shown = {name: getattr(event, name, None) for name in ("seq", "text", "act_id")}
    return Entry(type=short(type(event)), title="-", at=record.at, **shown)


def _record(incoming: Any, cause: str) -> Record:
    return Record(
        position=incoming.position,
        at=incoming.at,
        key=incoming.key,
        id=incoming.id,
        type=type(incoming.event).TYPE,
        cause=cause,
        digest=incoming.digest,
        received=incoming,
    )


def together(*histories: History) -> History:
    """One history of all these requests."""
    return History(
        submissions=[each for history in histories for each in history.submissions],
        records=[each for history in histories for each in history.records],
        stored={
            group: {key: each for history in histories for key, each in history.stored[group].items()}
            for group in histories[0].stored
        },
        mails=[mail for history in histories for mail in history.mails],
        pages={name: page for history in histories for name, page in (history.pages or {}).items()},
    )
