"""Order: the facts of a request are published, delivered and processed in one order."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from deploy.verification.evidence import StoredDocument
from deploy.verification.history import History
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts.assignments import CommandFact
from services.common.contracts.commands import Command
from services.common.contracts.departments import Assignment


@clause(Harm.REORDERED)
def facts_are_published_in_the_order_of_their_numbers(history: History) -> Iterator[Violation]:
    """The sequence numbers rise in the order of first publication, and no two facts have the same number."""
    for key, submission in history.by_request.items():
        numbers = [record.fact.seq for record in history.life(key)]
        if numbers != sorted(set(numbers)):
            yield Violation(f"{submission.name}: its facts were published as {_listed(numbers)}", key)


@clause(Harm.REORDERED)
def inboxes_are_in_the_order_of_their_numbers(history: History) -> Iterator[Violation]:
    """A department ignores a number that is not above its last one, so it would never read a late event."""
    for key, submission in history.by_request.items():
        numbers: defaultdict[str, list[int]] = defaultdict(list)
        for record in history.about(key, Assignment):
            assert isinstance(record.event, Assignment)
            numbers[record.topic].append(record.event.number)
        for topic, in_topic in numbers.items():
            if in_topic != sorted(set(in_topic)):
                yield Violation(f"{submission.name}: {topic} has {_listed(in_topic)}", key)


@clause(Harm.REORDERED)
def readers_apply_in_the_order_of_the_log(history: History) -> Iterator[Violation]:
    """The inbox of a document contains the records of each topic in the order of their first offsets."""
    offsets = {f"{record.topic} {record.id}": record.position.offset for record in history.firsts}
    for group, documents in history.stored.items():
        for document in documents.values():
            for topic, applied in _by_topic(document, offsets).items():
                if list(applied) != sorted(applied):
                    yield Violation(f"{document.key}: {group} applied records of {topic} as {_listed(applied)}")


@clause(Harm.REORDERED)
def commands_are_forwarded_in_their_order(history: History) -> Iterator[Violation]:
    """Those of one department: it alone writes its outbox."""
    for key, submission in history.by_request.items():
        by_id = {record.id: record for record in history.about(key, Command)}
        forwarded: defaultdict[str, list[int]] = defaultdict(list)
        for fact in history.about(key, CommandFact):
            if (command := by_id.get(fact.cause)) is not None:
                forwarded[command.topic].append(command.position.offset)
        for offsets in forwarded.values():
            if offsets != sorted(offsets):
                yield Violation(f"{submission.name}: commands were forwarded as {_listed(offsets)}", key)


def _by_topic(document: StoredDocument, offsets: dict[str, int]) -> dict[str, Sequence[int]]:
    """The offsets of the records in a document's inbox, by topic. Timers have no offset and are left out."""
    by_topic: defaultdict[str, list[int]] = defaultdict(list)
    for entry in document.inbox:
        name, _, other_bytes = entry.partition("#")
        if name in offsets and not other_bytes:
            by_topic[name.partition(" ")[0]].append(offsets[name])
    return dict(by_topic)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "nothing"


CLAUSES: Final[tuple[Clause, ...]] = (
    facts_are_published_in_the_order_of_their_numbers,
    inboxes_are_in_the_order_of_their_numbers,
    readers_apply_in_the_order_of_the_log,
    commands_are_forwarded_in_their_order,
)
