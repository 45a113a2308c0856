"""Order: what happened to one request is said, delivered and applied in one order."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from deploy.verification.evidence import StoredDocument
from deploy.verification.history import History
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts.assignments import CommandFact
from services.common.contracts.departments import Assignment, Command


@clause(Harm.REORDERED)
def facts_are_said_in_the_order_of_their_numbers(history: History) -> Iterator[Violation]:
    """Intake alone has one order: as facts first lie in the log their numbers rise, and no number is taken by two."""
    for key, submission in history.by_request.items():
        numbers = [record.fact.seq for record in history.life(key)]
        if numbers != sorted(set(numbers)):
            yield Violation(f"{submission.name}: its facts were said as {_listed(numbers)}", key)


@clause(Harm.REORDERED)
def inboxes_are_in_the_order_of_their_numbers(history: History) -> Iterator[Violation]:
    """A department ignores a number that is not above its last, so one that comes late would never be read."""
    for key, submission in history.by_request.items():
        numbers: defaultdict[str, list[int]] = defaultdict(list)
        for record in history.about(key, Assignment):
            assert isinstance(record.event, Assignment)
            numbers[record.topic].append(record.event.number)
        for topic, found in numbers.items():
            if found != sorted(set(found)):
                yield Violation(f"{submission.name}: {topic} has {_listed(found)}", key)


@clause(Harm.REORDERED)
def readers_apply_in_the_order_of_the_log(history: History) -> Iterator[Violation]:
    """A document remembers what it decided on: of each topic in the order in which the records first lay there."""
    offsets = {f"{record.topic} {record.id}": record.position.offset for record in history.firsts}
    for group, documents in history.stored.items():
        for document in documents.values():
            for topic, found in _by_topic(document, offsets).items():
                if list(found) != sorted(found):
                    yield Violation(f"{document.key}: {group} applied records of {topic} as {_listed(found)}")


@clause(Harm.REORDERED)
def commands_are_passed_on_in_their_order(history: History) -> Iterator[Violation]:
    for key, submission in history.by_request.items():
        places = {record.id: record.position.offset for record in history.about(key, Command)}
        passed = [places[fact.cause] for fact in history.about(key, CommandFact) if fact.cause in places]
        if passed != sorted(passed):
            yield Violation(f"{submission.name}: commands were passed on as {_listed(passed)}", key)


def _by_topic(document: StoredDocument, offsets: dict[str, int]) -> dict[str, Sequence[int]]:
    """The offsets of what a document decided on, by topic. A timer lies nowhere."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for entry in document.inbox:
        name, _, other_bytes = entry.partition("#")
        if name in offsets and not other_bytes:
            found[name.partition(" ")[0]].append(offsets[name])
    return dict(found)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "nothing"


CLAUSES: Final[tuple[Clause, ...]] = (
    facts_are_said_in_the_order_of_their_numbers,
    inboxes_are_in_the_order_of_their_numbers,
    readers_apply_in_the_order_of_the_log,
    commands_are_passed_on_in_their_order,
)
