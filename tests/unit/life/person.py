"""The steps of a person: messages, files, coming back, withdrawing, rating."""

from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from services.common.contracts import topics
from services.common.contracts.asked import ItemDelivery
from services.common.contracts.documents import FileAccepted, FileRefused
from services.common.contracts.intake import Rated, Reopened, RequestReplied, Withdrawn
from services.common.legal_clock import day_of, end_of
from tests.unit.life.machine import LifeMachine, numbers
from tests.unit.life.model import OPEN, RATED_IN
from tests.unit.life.world import NAMES, short

PDF: Final = "application/pdf"
CHECKS: Final = st.sampled_from([PDF, PDF, PDF, "image/png", None])
"""The media type of an accepted file; None for a refused one."""


class PersonSteps(LifeMachine):
    """`numbers` are those of asked items, right or wrong."""

    @rule(files=st.integers(0, 3), numbers=st.lists(st.integers(1, 4), max_size=2, unique=True), again=st.booleans())
    def write(self, files: int, numbers: list[int], again: bool) -> None:
        documents = tuple(UUID(int=1000 + self.world.number()) for _ in range(files))
        named = (*documents, *self.pending[:1]) if again else documents
        items = tuple(ItemDelivery(item=number, documents=named) for number in numbers) if named else ()
        fields: dict[str, Any] = {"text": "Já enviei.", "documents": named, "items": items}
        model, today = self.model, day_of(self.world.now)
        if model.state in OPEN:
            facts = self.world.act(RequestReplied, **fields)
            for number in numbers:
                model.deliver(number, list(named), today)
            model.person_seq = facts[0].seq
            closes = model.hearing
            if closes:
                self.close_hearing(today)
            self.expect(facts, ["message-added", "hearing-closed"] if closes else ["message-added"])
        else:
            self.come_back(RequestReplied, fields)
        if short(self.world.facts[-1]) != "act-refused":
            self.pending += documents

    @rule(text=st.sampled_from([None, "Afinal falta uma coisa."]))
    def reopen(self, text: str | None) -> None:
        if self.model.state in OPEN:
            self.refused(self.world.act(Reopened, text=text), "not-allowed")
        else:
            self.come_back(Reopened, {"text": text})

    def come_back(self, kind: type[Any], fields: dict[str, Any]) -> None:
        model, _today = self.model, day_of(self.world.now)
        until = self.reply_until if model.state in ("answered", "concluded") else None
        if until is None or self.world.now >= end_of(until):
            (fact,) = facts = self.world.act(kind, **fields)
            self.refused(facts, "closed")
            assert (fact.text, fact.documents) == (fields["text"], fields.get("documents", ()))
            return
        said = fields["text"] is not None or bool(fields.get("documents"))
        facts = self.world.act(kind, **fields)
        model.state, model.epoch = "in_analysis", model.epoch + 1
        model.person_seq = facts[-1].seq
        model.extended = model.missed = False
        model.answered_on, model.suspended = None, []
        self.warned.clear()
        self.expect(facts, ["reopened", "message-added"] if said else ["reopened"])

    @rule(surely=st.sampled_from([False, False, False, False, True]))
    def withdraw(self, surely: bool) -> None:
        """Seldom: little can happen after it."""
        if not surely:
            return
        settled = self.settles(self.world.now) if self.model.state in OPEN else []
        facts = self.world.act(Withdrawn)
        if self.model.state not in OPEN:
            self.refused(facts, "not-allowed")
            return
        self.model.state, self.model.hearing = "withdrawn", False
        self.model.end_items("dropped")
        self.expect(facts, [*settled, "withdrawn"])

    @rule(score=st.integers(1, 5))
    def rate(self, score: int) -> None:
        facts = self.world.act(Rated, score=score)
        if self.model.rated:
            self.refused(facts, "rated-already")
        elif self.model.state not in RATED_IN:
            self.refused(facts, "not-allowed")
        else:
            self.model.rated = True
            self.expect(facts, ["rated"])

    @precondition(lambda self: self.model.state == "awaiting_documents")
    @rule(which=numbers, media_type=CHECKS, hours=st.integers(0, 90))
    def deliver(self, which: int, media_type: str | None, hours: int) -> None:
        """A file for an item that is open, and its check some hours later."""
        open_ones = [number for number, item in enumerate(self.model.items, 1) if item.state == "open"]
        if open_ones:
            self.write(1, [open_ones[which % len(open_ones)]], False)
            self.world.pass_time(hours=hours)
            self.check_file(len(self.pending) - 1, media_type)

    @precondition(lambda self: self.pending)
    @rule(which=numbers, media_type=CHECKS)
    def check_file(self, which: int, media_type: str | None) -> None:
        file = self.pending.pop(which % len(self.pending))
        model, fields = self.model, {**NAMES, "occurred_at": self.world.now, "document_id": file}
        fit = {} if media_type is None else {"name": "a", "media_type": media_type, "size": 1, "sha256": "0"}
        event: Any = FileAccepted(**fields, **fit) if fit else FileRefused(**fields, because="not-claimed")
        facts = self.world.take(event, topics.DOCUMENTS)
        model.check(file, media_type)
        if fit:
            model.person_seq = facts[0].seq
        names = ["document-accepted" if fit else "document-refused"]
        if model.complete():
            names.append("documents-received")
            model.state, model.epoch = "in_analysis", model.epoch + 1
            assert model.delivered_on is not None
            model.resume(model.delivered_on)
        self.expect(facts, names)
