"""Hand-made histories: a request's whole life as it should be, for tests that spoil it in one place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from deploy.demo.data import DemoRequest
from deploy.demo.evidence import Mail
from gateway.requests.view import seq_key
from services.common.contracts import Event, topics
from services.common.contracts.assignments import AssignmentAcknowledged, AssignmentMade, AssignmentResolved
from services.common.contracts.deliveries import DeliverySent
from services.common.contracts.departments import Acknowledge, AssignmentCreated, Resolve
from services.common.contracts.intake import RequestSubmitted
from services.common.contracts.lifecycle import (
    CommandRef,
    LifecycleFact,
    RequestAnswered,
    RequestConcluded,
    RequestInAnalysis,
    RequestRegistered,
    RequestRouted,
    State,
)
from services.common.domain.identifiers import derived_id, reference_of
from services.common.domain.position import Position
from services.notifications.domain import MATRIX
from tests.faults.history import Acted, Asked, History, Kept, Letter, Record
from tests.support.received import MONDAY, received

ACCOUNT = uuid4()
DAY = date(2026, 1, 5)
POISON = Position(topics.INTAKE, 3, 99)


@dataclass
class Life:
    """One request from its submit to its end. `facts` may be given more before `history` is asked for."""

    request_id: UUID = field(default_factory=uuid4)
    acts: tuple[Acted, ...] = ()
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reference = reference_of(self.request_id)
        self.assignment: dict[str, Any] = {"assignment_id": uuid4(), "department": "pf", "epoch": 1}
        submitted = self.say("submit", RequestSubmitted(**self.names, **self.words, **self.person, actor_id=ACCOUNT))
        self.registered = self.fact(
            "registered", submitted, RequestRegistered, State.REGISTERED, **self.words, **self.days, who="P"
        )
        created = self.inbox("created", self.registered, number=1)
        made = AssignmentMade(**self.named, **self.assignment, rule="r", rules_version="1")
        made_record = self.say("made", made, cause=self.registered)
        self.fact("routed", made_record, RequestRouted, State.REGISTERED, **self.assignment, rule="r")
        seen = {"assignment_id": self.assignment["assignment_id"], "epoch": 1, "seen": 1}
        self.acknowledge = self.command("acknowledge", Acknowledge(**seen), AssignmentAcknowledged, cause=created)
        self.fact("in-analysis", self.acknowledge, RequestInAnalysis, State.IN_ANALYSIS, department="pf")
        resolve = Resolve(**seen, text="Está resolvido.")
        self.resolve = self.command("resolve", resolve, AssignmentResolved, cause=created, text="Está resolvido.")
        text = "Está resolvido."
        self.fact("answered", self.resolve, RequestAnswered, State.ANSWERED, department="pf", text=text)
        self.fact("concluded", self.resolve, RequestConcluded, State.CONCLUDED)
        for fact in self.told():
            sent = DeliverySent(**self.named, delivery_id=self.delivery(fact), event_id=fact.id, **self.notice)
            self.say(f"sent {fact.id}", sent, cause=fact)

    @property
    def names(self) -> dict[str, Any]:
        return {"request_id": self.request_id, "reference": self.reference}

    @property
    def named(self) -> dict[str, Any]:
        return self.names | {"occurred_at": MONDAY}

    @property
    def words(self) -> dict[str, Any]:
        about = {"subject": "FAM-01", "reason": "NPG", "catalogue_version": 1, "language": "pt"}
        return about | {"description": f"Não recebi o abono. ({self.request_id})", "documents": ()}

    person = {"account_id": ACCOUNT, "who": "P"}  # noqa: RUF012
    days = {"entered_on": DAY, "due_on": DAY, "calendar": "PT/1"}  # noqa: RUF012
    notice = {"account_id": ACCOUNT, "notice": "registered", "channel": "email"}  # noqa: RUF012

    def say(self, name: str, event: Any, *, cause: Record | None = None, topic: str | None = None) -> Record:
        """Append `event`; its id derives from `name`."""
        where = topic or event.topic
        offset = sum(record.topic == where for record in self.records)
        at = MONDAY + timedelta(milliseconds=10 * len(self.records))
        identifier = str(derived_id("test", str(self.request_id), name))
        taken = received(event, topic=where, key=self.request_id, at=at, id=identifier, offset=offset)
        made = record_of(taken, cause.id if cause else identifier)
        self.records.append(made)
        return made

    def fact(
        self, name: str, cause: Record | str, kind: type[Any], state: State = State.REGISTERED, **more: Any
    ) -> Record:
        """Say a fact with the next number."""
        seq = 1 + sum(isinstance(record.event, LifecycleFact) for record in self.records)
        event = kind(**self.named, account_id=ACCOUNT, seq=seq, state=state, **more)
        said = self.say(name, event)
        if isinstance(cause, Record):
            cause = cause.id
        self.records[-1] = replace(said, cause=cause)
        return self.records[-1]

    def inbox(self, name: str, cause: Record, *, number: int) -> Record:
        words = {each: self.words[each] for each in ("subject", "reason", "description", "documents")}
        days = {"entered_on": DAY, "due_on": DAY}
        event = AssignmentCreated(**self.named, **self.assignment, **words, **days, number=number, as_of=1)
        return self.say(name, event, cause=cause)

    def command(self, name: str, command: Event, kind: type[Any], *, cause: Record, **more: Any) -> Record:
        """The department says it, and routing passes it on; the latter."""
        said = self.say(name, command, cause=cause, topic=topics.outbox("pf"))
        place = CommandRef(id=said.id, topic=said.topic, partition=3, offset=said.position.offset)
        return self.say(
            f"{name} passed on", kind(**self.named, **self.assignment, seen=1, command=place, **more), cause=said
        )

    def told(self) -> list[Record]:
        """The facts that make a notice."""
        kinds = {kind for kind, row in MATRIX.items() if row.channels}
        return [record for record in self.records if type(record.event) in kinds]

    def delivery(self, fact: Record) -> UUID:
        return derived_id(fact.id, "email", str(ACCOUNT))

    def history(self) -> History:
        """All of it, with stores that kept what they should."""
        told = self.told()
        row = DemoRequest(
            account="rita", subject="FAM-01", reason="NPG", department="pf", description=self.words["description"]
        )
        asked = Asked(1, ACCOUNT, row, (), self.reference, self.request_id, self.acts)
        mails = [Mail(str(self.delivery(fact)), "rita@example.org", self.reference) for fact in told]
        return History(asked=[asked], records=list(self.records), kept=self.kept(told), mails=mails)

    def kept(self, told: Sequence[Record]) -> dict[str, dict[str, Kept]]:
        facts = [record for record in self.records if isinstance(record.event, LifecycleFact)]
        last = facts[-1].fact
        book = {"request_id": self.request_id, "state": last.state, "seq": last.seq, "department": "pf"}
        view = {
            "state": last.state,
            "description": self.words["description"],
            "department": "pf",
            "facts": {seq_key(record.fact.seq): {"id": record.id} for record in facts},
            "notices": {record.id: {} for record in self.records if isinstance(record.event, DeliverySent)},
        }
        outbox = topics.outbox("pf")
        return {
            "intake": {self.reference: Kept(self.reference, book, self.inbox_of(topics.INTAKE, topics.ASSIGNMENTS))},
            "routing": {str(self.request_id): Kept(str(self.request_id), {}, self.inbox_of(topics.LIFECYCLE, outbox))},
            "gateway-views": {self.reference: Kept(self.reference, view)},
            "notifications": {
                str(self.delivery(fact)): Kept(str(self.delivery(fact)), {"status": "sent"}) for fact in told
            },
        }

    def inbox_of(self, *names: str) -> tuple[str, ...]:
        return tuple(f"{record.topic} {record.id}" for record in self.records if record.topic in names)


def record_of(taken: Any, cause: str) -> Record:
    return Record(
        position=taken.position,
        at=taken.at,
        key=taken.key,
        id=taken.id,
        type=type(taken.event).TYPE,
        cause=cause,
        digest=taken.digest,
        received=taken,
    )


def without(history: History, *kinds: type[Event]) -> History:
    """The same history, had nothing of these kinds been said."""
    return replace(history, records=[each for each in history.records if not isinstance(each.event, kinds)])


def again(record: Record, offset: int, **changed: Any) -> Record:
    """The record as it lies there a second time."""
    place = Position(record.position.topic, record.position.partition, offset)
    return replace(record, position=place, **changed)


def amended(history: History, group: str, change: Callable[[Kept], Kept]) -> History:
    """The same history, had the store of `group` kept something else."""
    kept = {key: change(document) for key, document in history.kept[group].items()}
    return replace(history, kept={**history.kept, group: kept})


def poisoned(history: History, *groups: str) -> History:
    """Something unreadable lies there, and these groups have set it aside."""
    garbage = replace(history.records[0], position=POISON, id="", received=None, digest=b"-")
    letters = [Letter(group, POISON, "not-json") for group in groups]
    return replace(history, records=[*history.records, garbage], letters=letters, poisoned=frozenset({POISON}))
