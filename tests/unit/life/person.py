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
from tests.support.life.model import OPEN
from tests.unit.life.machine import LifeMachine, numbers
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
        if self.model.state in OPEN:
            moved = [] if self.model.hearing else self.moved()
            facts = self.world.act(RequestReplied, **fields)
            deliveries = {item.item: item.documents for item in items}
            said = self.model.add_message(deliveries, facts[0].seq, day_of(self.world.now))
            self.expect(facts, [*said, *moved])
        else:
            self.come_back(RequestReplied, fields)
        if short(self.world.facts[-1]) != "act-refused":
            self.pending += documents

    @rule(text=st.sampled_from([None, "Afinal falta uma coisa."]))
    def reopen(self, text: str | None) -> None:
        self.come_back(Reopened, {"text": text})

    def come_back(self, kind: type[Any], fields: dict[str, Any]) -> None:
        until = self.reply_until
        late = until is None or self.world.now >= end_of(until)
        code = self.model.act_objection("messages" if kind is RequestReplied else "reopening", late=late)
        facts = self.world.act(kind, **fields)
        if code is not None:
            self.refused(facts, code)
            assert (facts[0].text, facts[0].documents) == (fields["text"], fields.get("documents", ()))
            return
        said = fields["text"] is not None or bool(fields.get("documents"))
        expected = self.model.come_back(facts[0].seq, said=said)
        self.warned.clear()
        self.expect(facts, expected)

    @rule(surely=st.sampled_from([False, False, False, False, True]))
    def withdraw(self, surely: bool) -> None:
        """Seldom: little can happen after it."""
        if not surely:
            return
        settled = self.settles(self.world.now) if self.model.state in OPEN else []
        code = self.model.act_objection("withdrawal")
        facts = self.world.act(Withdrawn)
        if code is not None:
            self.refused(facts, code)
        else:
            self.expect(facts, [*settled, *self.model.withdraw(day_of(self.world.now))])

    @rule(score=st.integers(1, 5))
    def rate(self, score: int) -> None:
        code = self.model.act_objection("rating")
        facts = self.world.act(Rated, score=score)
        if code is not None:
            self.refused(facts, code)
        else:
            self.expect(facts, self.model.rate())

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
        fields = {**NAMES, "occurred_at": self.world.now, "document_id": file}
        fit = {} if media_type is None else {"name": "a", "media_type": media_type, "size": 1, "sha256": "0"}
        event: Any = FileAccepted(**fields, **fit) if fit else FileRefused(**fields, because="not-claimed")
        moved = self.moved()
        facts = self.world.take(event, topics.DOCUMENTS)
        said = self.model.check(file, media_type, facts[0].seq)
        self.expect(facts, said if "documents-received" in said else [*said, *moved])
