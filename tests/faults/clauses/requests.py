"""What becomes of a request as a whole."""

from collections import defaultdict
from collections.abc import Iterator
from uuid import UUID

from services.common.contracts.departments import Assignment
from services.common.contracts.lifecycle import RequestRegistered, State
from tests.faults.history import Asked, History
from tests.faults.verdicts import Harm, Offence, clause


@clause(Harm.LOST)
def everybody_is_given_a_reference(history: History) -> Iterator[Offence]:
    """Whoever tries again is told at last: also after every fault has passed, nobody is left without an answer."""
    for asked in history.asked:
        if asked.request_id is None:
            yield Offence(f"{asked.name}: its author tried {len(asked.told)} times and was never told")


@clause(Harm.OTHER)
def nobody_gets_an_answer_that_should_not_be(history: History) -> Iterator[Offence]:
    """While an engine is away people are told so, and to come back. Nothing else may go wrong at the counter."""
    yield from map(Offence, history.strange_answers)


@clause(Harm.LOST)
def every_acknowledged_request_is_registered(history: History) -> Iterator[Offence]:
    for asked in history.filed:
        if not history.about(asked.request_id, RequestRegistered):
            yield Offence(f"{asked.name}: acknowledged, and never registered", str(asked.request_id))
        elif _in_book(history, asked) != asked.request_id:
            yield Offence(f"{asked.name}: registered, and not in intake's book", str(asked.request_id))


def _in_book(history: History, asked: Asked) -> UUID | None:
    entry = history.document("intake", asked.reference)
    return entry.state["request_id"] if entry and entry.state else None


@clause(Harm.LOST)
def every_fact_in_the_book_is_said(history: History) -> Iterator[Offence]:
    """Intake numbers what happens to a request: each number up to the last is a fact that everybody can read."""
    for key, asked in history.by_request.items():
        book = history.document("intake", asked.reference)
        said = {record.fact.seq for record in history.life(key)}
        missing = set(range(1, book.state["seq"] + 1)) - said if book and book.state else set()
        if missing:
            yield Offence(f"{asked.name}: facts {', '.join(map(str, sorted(missing)))} were never said", key)


@clause(Harm.DOUBLED)
def every_request_is_registered_once(history: History) -> Iterator[Offence]:
    """Neither twice under its id, nor under another id that nobody was given."""
    by_text: defaultdict[tuple[UUID, str], set[str]] = defaultdict(set)
    for record in history.every(RequestRegistered):
        assert isinstance(record.event, RequestRegistered)
        by_text[record.event.account_id, record.event.description].add(record.key)
    for asked in history.asked:
        keys = by_text[asked.account_id, asked.row.description]
        if len(keys) > 1:
            yield Offence(f"{asked.name}: registered under {len(keys)} ids", str(asked.request_id))
    for asked in history.filed:
        said = history.about(asked.request_id, RequestRegistered)
        if len(said) > 1:
            yield Offence(f"{asked.name}: registered {len(said)} times", str(asked.request_id))


@clause(Harm.OTHER)
def every_request_keeps_its_own_text(history: History) -> Iterator[Offence]:
    """In the register and in the inbox of its department."""
    for asked in history.filed:
        filed = (asked.row.subject, asked.row.reason, asked.row.description, asked.documents)
        for record in history.about(asked.request_id, RequestRegistered, Assignment):
            event = record.event
            assert isinstance(event, RequestRegistered | Assignment)
            if (event.subject, event.reason, event.description, event.documents) != filed:
                yield Offence(f"{asked.name}: its words are others on {record.topic}", record.key)


@clause(Harm.LOST)
def every_request_reaches_the_end_of_its_script(history: History) -> Iterator[Offence]:
    """Nobody meddles with its records, so what was to become of it is known beforehand."""
    for asked in history.filed:
        life = history.life(asked.request_id)
        last = max(life, key=lambda record: record.fact.seq).fact.state if life else State.RECEIVED
        if last not in asked.ends:
            wanted = " or ".join(sorted(asked.ends))
            yield Offence(f"{asked.name}: should be {wanted}, and is {last}", str(asked.request_id))
