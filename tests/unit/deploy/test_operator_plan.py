"""What an operator's command decides before it does anything: pure, so every order and every age can be tried."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from deploy.operator.audit import History, raw
from deploy.operator.discarding import plan_discard
from deploy.operator.errors import OperatorError
from deploy.operator.letter_filter import where
from deploy.operator.letters import GONE, Letter, open_letters
from deploy.operator.plan import OLDEST, lines_of, plan_redrive
from deploy.operator.points import point
from deploy.operator.rebuilding import DOCUMENTS, OLDER, OWNER, SLICES, bounds
from deploy.operator.replaying import readers
from deploy.operator.service_stores import BOOKS, Blocked, Waiting
from services.common.contracts import topics
from services.common.contracts.operations import LetterRef, LettersEnded
from services.common.domain.identifiers import reference_of
from services.common.domain.position import Position
from services.common.domain.received import INBOX_AGE
from services.documents.messages import GROUP as DOCUMENTS_GROUP
from services.documents.store import Files
from services.intake.messages import GROUP as INTAKE_GROUP
from services.intake.store import request_store
from services.routing.messages import GROUP as ROUTING_GROUP
from services.routing.store import assignment_store

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ALL = where([])


def letter(offset: int, *, days: float = 1, group: str = "intake", **about: Any) -> Letter:
    first = Position(topics.INTAKE, 0, offset)
    place = Position(f"{topics.INTAKE}.dlq.{group}", 0, about.pop("place", offset))
    told: dict[str, Any] = {"reason": "bug:KeyError", "key": str(UUID(int=offset)).encode(), "size": 500} | about
    return Letter(group=group, position=first, at=NOW - timedelta(days=days), place=place, **told)


def waiting(key: str, *letters: Letter) -> Blocked:
    return Blocked(letters[0].group, key, tuple(Waiting(each.position, each.at) for each in letters))


def test_what_waits_comes_whole_and_in_its_order_whichever_was_named() -> None:
    first, second, third = letter(7), letter(3), letter(5)
    lines = lines_of([first, second, third], [waiting("d", first, third, second)], where([f"letter={second.id}"]))
    assert [each.letters for each in lines] == [(first, third, second)]


def test_what_nobody_waits_for_comes_alone_and_the_oldest_first() -> None:
    young, old = letter(1, days=1), letter(2, days=3)
    assert [line.letters for line in lines_of([young, old], [], ALL)] == [(old,), (young,)]


def test_documents_that_wait_for_the_same_record_have_one_line() -> None:
    first, shared, last = letter(1), letter(2), letter(3)
    documents = [waiting("a", first, shared), waiting("b", shared, last), waiting("c", letter(9))]
    lines = lines_of([first, shared, last, letter(9)], documents, ALL)
    assert sorted(len(line.letters) for line in lines) == [1, 3]
    longest = max(lines, key=lambda line: len(line.letters))
    assert longest.letters == (first, shared, last)


@given(st.lists(st.lists(st.integers(0, 6), unique=True, min_size=1), min_size=1, max_size=4))
def test_every_list_keeps_its_order_where_the_lists_agree(orders: list[list[int]]) -> None:
    """Each document waits for its own choice of seven records; all of them in the order of the log."""
    letters = [letter(number) for number in range(7)]
    documents = [
        waiting(str(place), *(letters[number] for number in sorted(order))) for place, order in enumerate(orders)
    ]
    for line in lines_of(letters, documents, ALL):
        place = {each.record: number for number, each in enumerate(line.letters)}
        for document in line.documents:
            found = [place[document.group, each.position] for each in document.records]
            assert found == sorted(found)


def test_lists_that_contradict_each_other_still_come_to_an_end() -> None:
    first, second = letter(1, days=2), letter(2, days=1)
    (line,) = lines_of([first, second], [waiting("a", first, second), waiting("b", second, first)], ALL)
    assert line.letters == (first, second)


@pytest.mark.parametrize(
    ("about", "because"),
    [
        ({"days": 29.1}, "its record is 29 days old"),
        ({"whole": False}, "its bytes were not kept"),
        ({"size": 300 * 1024}, "it has 300 KiB, and no group takes more than 256"),
    ],
)
def test_what_cannot_come_back_is_left_and_said_why(about: dict[str, Any], because: str) -> None:
    plan = plan_redrive(lines_of([letter(1, **about)], [], ALL), NOW, None)
    assert not plan.lines
    assert plan.left[0].because.startswith(because)


def test_nothing_goes_before_what_is_first() -> None:
    old, young = letter(1, days=30), letter(2)
    plan = plan_redrive(lines_of([old, young], [waiting("d", old, young)], ALL), NOW, None)
    assert not plan.lines
    assert "discard that one, and bring back what waits behind it" in plan.left[0].because


def test_a_record_for_which_there_is_no_letter_any_more_may_only_be_given_up() -> None:
    gone, there = letter(1), letter(2)
    reference = reference_of(UUID(int=1))
    lines = lines_of([there], [waiting(reference, gone, there)], ALL)
    assert [each.reason for each in lines[0].letters] == [GONE, "bug:KeyError"]
    assert "its letter is gone" in plan_redrive(lines, NOW, None).left[0].because
    (given_up,) = plan_discard(lines, where([f"reason={GONE}"]), None)
    assert (given_up.letter.position, given_up.letter.reference) == (gone.position, reference)


def test_whole_lines_only_are_brought_back_as_far_as_the_most_allows() -> None:
    many = [letter(number, days=5) for number in range(3)]
    alone = letter(9, days=1)
    plan = plan_redrive(lines_of([*many, alone], [waiting("d", *many)], ALL), NOW, 2)
    assert [line.letters for line in plan.lines] == [(alone,)]
    assert plan.left[0].because == "it has 3 records, more than --max still allows"


def test_a_group_remembers_longer_than_a_record_may_be_old() -> None:
    assert timedelta(days=6) <= INBOX_AGE - OLDEST


def test_of_a_record_the_last_letter_counts_and_only_until_somebody_has_seen_to_it() -> None:
    first, again, other = letter(1, place=10), letter(1, place=20), letter(2, place=11)
    done = History()
    assert open_letters([first, again, other], done) == sorted([again, other], key=lambda each: each.position.offset)
    done.take(LettersEnded(operation_id=UUID(int=1), occurred_at=NOW, how="redriven", letters=(first.ref, other.ref)))
    assert open_letters([first, again, other], done) == [again]
    done.take(LettersEnded(operation_id=UUID(int=1), occurred_at=NOW, how="discarded", letters=(again.ref,)))
    assert open_letters([first, again, other], done) == []


def test_what_is_recorded_names_no_request() -> None:
    reference = reference_of(UUID(int=7))
    assert str(where([f"reference={reference}", "group=intake"])) == "reference=? group=intake"
    ended = LettersEnded(operation_id=UUID(int=1), occurred_at=NOW, how="redriven", letters=(letter(7).ref,))
    assert str(UUID(int=7)).encode() not in (raw(ended).value or b"")
    assert set(LetterRef.model_fields) == {"group", "topic", "partition", "offset", "letter"}


def test_a_reference_may_be_typed_as_it_was_read_aloud() -> None:
    own = letter(7)
    assert own.reference is not None
    assert where([f"reference={own.reference.replace('-', '').lower()}"]).fits(own)
    assert not where([f"reference={reference_of(UUID(int=2**127))}"]).fits(own)


@pytest.mark.parametrize("typed", ["", "group", "group=", "colour=red", "=intake"])
def test_what_is_no_term_is_not_guessed(typed: str) -> None:
    with pytest.raises(OperatorError, match="does not say which letters"):
        where([typed])


def test_a_point_is_a_moment_with_its_zone_or_a_place() -> None:
    assert point("2026-03-02T09:00Z") == NOW
    assert point("2026-03-02T10:00+01:00") == NOW
    assert point("3/120") == (3, 120)
    for typed in ("2026-03-02T09:00", "2026-03-02", "3", "yesterday", "3/-1", ""):
        with pytest.raises(OperatorError, match="no point of a topic"):
            point(typed)


def test_the_readers_of_a_topic_are_those_that_have_letters_of_it() -> None:
    assert readers(topics.LIFECYCLE) == ["documents", "gateway-views", "notifications", "routing"]
    assert readers("departments.pf.inbox.v1") == []


@given(st.uuids())
def test_every_reference_lies_in_exactly_one_slice(request_id: UUID) -> None:
    reference = reference_of(request_id)
    home = [number for number in range(SLICES) if bounds(number)[0] <= reference < bounds(number)[1]]
    assert len(home) == 1


def test_the_books_are_where_the_services_keep_them() -> None:
    """The operator's command may import no room: here is where the two are held together."""

    class Named(dict[str, Any]):
        def __missing__(self, name: str) -> str:
            return name

    database: Any = Named()
    kept: dict[str, Any] = {
        INTAKE_GROUP: request_store(database)._collection,
        ROUTING_GROUP: assignment_store(database)._collection,
        DOCUMENTS_GROUP: Files(database).documents._collection,
    }
    assert {book.group: book.collection for book in BOOKS} == kept
    assert {book.group: book.database for book in BOOKS} == {name: name for name in kept}
    timelines: Any = request_store(database)._timelines
    assert (INTAKE_GROUP, kept[INTAKE_GROUP], timelines._older) == (OWNER, DOCUMENTS, OLDER)
