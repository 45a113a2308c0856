"""The plans of the operator's commands. Pure functions, so every order and every age can be tested."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st

from deploy.operator.audit import AuditHistory, audit_record
from deploy.operator.dead_letters import LETTER_GONE, DeadLetter, open_dead_letters
from deploy.operator.discarding import PlannedDiscard, discard_records, plan_discards
from deploy.operator.errors import OperatorError
from deploy.operator.letter_filter import parse_filter
from deploy.operator.plan import OLDEST, plan_redrive, queues_of
from deploy.operator.points import parse_point
from deploy.operator.rebuilding import DOCUMENTS, OLDER, OWNER, SLICES, bounds
from deploy.operator.replaying import readers
from deploy.operator.service_stores import STORES, BlockedDocument, ParkedRecord
from services.common.contracts import topics
from services.common.contracts.operations import LetterRef, LettersEnded
from services.common.domain.identifiers import reference_of
from services.common.domain.position import Position
from services.common.domain.received import INBOX_AGE
from services.common.messaging.records.redrive import Redrives
from services.documents.messages import GROUP as DOCUMENTS_GROUP
from services.documents.store import Files
from services.intake.messages import GROUP as INTAKE_GROUP
from services.intake.store import request_store
from services.routing.messages import GROUP as ROUTING_GROUP
from services.routing.store import assignment_store
from tests.unit.departments.test_unreadable_commands import record

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ALL = parse_filter([])


def letter(offset: int, *, days: float = 1, group: str = "intake", **about: Any) -> DeadLetter:
    first = Position(topics.INTAKE, 0, offset)
    dlq_position = Position(f"{topics.INTAKE}.dlq.{group}", 0, about.pop("dlq_offset", offset))
    fields: dict[str, Any] = {"reason": "bug:KeyError", "key": str(UUID(int=offset)).encode(), "size": 500} | about
    return DeadLetter(group=group, position=first, at=NOW - timedelta(days=days), dlq_position=dlq_position, **fields)


def blocked_document(key: str, *letters: DeadLetter) -> BlockedDocument:
    return BlockedDocument(letters[0].group, key, tuple(ParkedRecord(each.position, each.at) for each in letters))


def test_a_queue_contains_all_records_of_a_document_in_its_order_whichever_was_chosen() -> None:
    first, second, third = letter(7), letter(3), letter(5)
    queues = queues_of(
        [first, second, third], [blocked_document("d", first, third, second)], parse_filter([f"letter={second.id}"])
    )
    assert [each.letters for each in queues] == [(first, third, second)]


def test_a_record_that_no_document_waits_for_has_a_queue_of_its_own_oldest_first() -> None:
    young, old = letter(1, days=1), letter(2, days=3)
    assert [queue.letters for queue in queues_of([young, old], [], ALL)] == [(old,), (young,)]


def test_documents_that_wait_for_the_same_record_share_one_queue() -> None:
    first, shared, last = letter(1), letter(2), letter(3)
    documents = [
        blocked_document("a", first, shared),
        blocked_document("b", shared, last),
        blocked_document("c", letter(9)),
    ]
    queues = queues_of([first, shared, last, letter(9)], documents, ALL)
    assert sorted(len(queue.letters) for queue in queues) == [1, 3]
    longest = max(queues, key=lambda queue: len(queue.letters))
    assert longest.letters == (first, shared, last)


@given(st.lists(st.lists(st.integers(0, 6), unique=True, min_size=1), min_size=1, max_size=4))
def test_a_queue_keeps_the_order_of_every_document_where_the_orders_agree(orders: list[list[int]]) -> None:
    """Each document waits for its own choice of seven records, in the order of the log."""
    letters = [letter(number) for number in range(7)]
    documents = [
        blocked_document(str(key), *(letters[number] for number in sorted(order))) for key, order in enumerate(orders)
    ]
    for queue in queues_of(letters, documents, ALL):
        index = {each.record: number for number, each in enumerate(queue.letters)}
        for document in queue.documents:
            found = [index[document.group, each.position] for each in document.records]
            assert found == sorted(found)


def test_contradictory_orders_are_merged_by_time() -> None:
    first, second = letter(1, days=2), letter(2, days=1)
    (queue,) = queues_of(
        [first, second], [blocked_document("a", first, second), blocked_document("b", second, first)], ALL
    )
    assert queue.letters == (first, second)


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"days": 29.1}, "its record is 29 days old"),
        ({"complete": False}, "its content was not kept"),
        ({"size": 300 * 1024}, "it has 300 KiB, and groups reject more than 256 KiB"),
    ],
)
def test_a_record_that_cannot_be_redriven_is_skipped_with_a_reason(about: dict[str, Any], reason: str) -> None:
    plan = plan_redrive(queues_of([letter(1, **about)], [], ALL), NOW, None)
    assert not plan.queues
    assert plan.skipped[0].reason.startswith(reason)


OUTBOX = topics.outbox("pf")


def command(reason: str, offset: int = 7) -> DeadLetter:
    """The dead letter of a department's command."""
    letters = Position(topics.dead_letters(OUTBOX, "routing"), 0, offset)
    return replace(
        letter(offset, group="routing", reason=reason), position=Position(OUTBOX, 3, 41), dlq_position=letters
    )


@pytest.mark.parametrize("reason", ["unknown-type", "not-json", "schema:/text:missing", "header-ce_id-missing"])
def test_a_command_whose_department_was_told_why_it_has_no_effect_is_not_redriven(reason: str) -> None:
    plan = plan_redrive(queues_of([command(reason)], [], ALL), NOW, None)
    assert not plan.queues
    assert plan.skipped[0].reason.startswith("its department was told that it has no effect")
    assert plan_redrive(queues_of([letter(1, reason=reason)], [], ALL), NOW, None).queues, "a record of ours may be"


@pytest.mark.parametrize("reason", ["bug:KeyError", "bug:killed-the-process", "blocked", "unanswered:not-json"])
def test_a_command_that_nobody_was_answered_about_may_be_redriven(reason: str) -> None:
    assert plan_redrive(queues_of([command(reason)], [], ALL), NOW, None).count == 1


def discarded(chosen: DeadLetter, *waiting: str) -> list[tuple[bytes | None, bytes | None, list[str], str]]:
    """Key, value, header names and document of each record that asks routing to discard the command."""
    documents = [blocked_document(key, chosen) for key in waiting]
    (queue,) = queues_of([chosen], documents, ALL)
    content = record(b"{}", [("ce_id", b"c"), ("dlq-reason", b"x")], key=b"request")
    redrives = Redrives(b"secret")
    found = []
    for each in discard_records(PlannedDiscard(chosen, queue), content if chosen.is_command else None, redrives):
        appended = record(headers=list(each.headers), key=each.key, topic=each.topic)
        appended.value = each.value
        redrive = redrives.of(appended)
        assert redrive is not None
        assert (redrive.group, redrive.position) == (chosen.group, chosen.position)
        found.append((each.key, each.value, [name for name, _ in each.headers], redrive.frees))
    return found


def test_a_discarded_command_is_appended_whole_so_that_its_department_is_answered() -> None:
    assert discarded(command("bug:KeyError"), "r") == [(b"request", b"{}", ["ce_id", "dlq-redrive"], "r")]


def test_a_command_that_killed_its_process_is_answered_without_its_value() -> None:
    expected = [(b"request", b"", ["ce_id", "dlq-redrive"], "-")]
    assert discarded(command("bug:killed-the-process")) == discarded(command("unanswered:not-json")) == expected


def test_nothing_is_appended_for_a_discarded_record_that_nothing_waits_for() -> None:
    assert discarded(command("not-json")) == discarded(command("bug:KeyError")) == discarded(letter(1)) == []


def test_the_content_of_other_discarded_records_is_not_appended() -> None:
    assert discarded(letter(1), "a", "b") == [(key.encode(), b"", ["dlq-redrive"], key) for key in ("a", "b")]


def test_a_queue_is_skipped_when_its_first_record_cannot_be_redriven() -> None:
    old, young = letter(1, days=30), letter(2)
    plan = plan_redrive(queues_of([old, young], [blocked_document("d", old, young)], ALL), NOW, None)
    assert not plan.queues
    assert "discard that one, and redrive the records behind it" in plan.skipped[0].reason


def test_a_record_without_a_dead_letter_can_only_be_discarded() -> None:
    gone, present = letter(1), letter(2)
    reference = reference_of(UUID(int=1))
    queues = queues_of([present], [blocked_document(reference, gone, present)], ALL)
    assert [each.reason for each in queues[0].letters] == [LETTER_GONE, "bug:KeyError"]
    assert "its letter is gone" in plan_redrive(queues, NOW, None).skipped[0].reason
    (discard,) = plan_discards(queues, parse_filter([f"reason={LETTER_GONE}"]), None)
    assert (discard.letter.position, discard.letter.reference) == (gone.position, reference)


def test_only_complete_queues_within_the_maximum_are_redriven() -> None:
    many = [letter(number, days=5) for number in range(3)]
    alone = letter(9, days=1)
    plan = plan_redrive(queues_of([*many, alone], [blocked_document("d", *many)], ALL), NOW, 2)
    assert [queue.letters for queue in plan.queues] == [(alone,)]
    assert plan.skipped[0].reason == "it has 3 records, more than --max still allows"


def test_an_inbox_keeps_ids_longer_than_a_record_may_be_redriven() -> None:
    assert timedelta(days=6) <= INBOX_AGE - OLDEST


def test_the_last_dead_letter_of_a_record_is_open_until_it_is_redriven_or_discarded() -> None:
    first, again, other = letter(1, dlq_offset=10), letter(1, dlq_offset=20), letter(2, dlq_offset=11)
    history = AuditHistory()
    assert open_dead_letters([first, again, other], history) == sorted(
        [again, other], key=lambda each: each.position.offset
    )
    redriven = (first.ref, other.ref)
    history.apply(LettersEnded(operation_id=UUID(int=1), occurred_at=NOW, how="redriven", letters=redriven))
    assert open_dead_letters([first, again, other], history) == [again]
    history.apply(LettersEnded(operation_id=UUID(int=1), occurred_at=NOW, how="discarded", letters=(again.ref,)))
    assert open_dead_letters([first, again, other], history) == []


def test_the_audit_records_name_no_request() -> None:
    reference = reference_of(UUID(int=7))
    assert str(parse_filter([f"reference={reference}", "group=intake"])) == "reference=? group=intake"
    ended = LettersEnded(operation_id=UUID(int=1), occurred_at=NOW, how="redriven", letters=(letter(7).ref,))
    assert str(UUID(int=7)).encode() not in (audit_record(ended).value or b"")
    assert set(LetterRef.model_fields) == {"group", "topic", "partition", "offset", "letter"}


def test_a_reference_may_be_typed_in_lower_case_and_without_dashes() -> None:
    own = letter(7)
    assert own.reference is not None
    assert parse_filter([f"reference={own.reference.replace('-', '').lower()}"]).matches(own)
    assert not parse_filter([f"reference={reference_of(UUID(int=2**127))}"]).matches(own)


@pytest.mark.parametrize("typed", ["", "group", "group=", "colour=red", "=intake"])
def test_an_invalid_filter_is_rejected(typed: str) -> None:
    with pytest.raises(OperatorError, match="is not a filter"):
        parse_filter([typed])


def test_a_point_is_a_time_with_a_zone_or_an_offset() -> None:
    assert parse_point("2026-03-02T09:00Z") == NOW
    assert parse_point("2026-03-02T10:00+01:00") == NOW
    assert parse_point("3/120") == (3, 120)
    for typed in ("2026-03-02T09:00", "2026-03-02", "3", "yesterday", "3/-1", ""):
        with pytest.raises(OperatorError, match="no point of a topic"):
            parse_point(typed)


def test_the_readers_of_a_topic_are_the_groups_with_a_dead_letter_topic() -> None:
    assert readers(topics.LIFECYCLE) == ["documents", "gateway-views", "notifications", "routing"]
    assert readers("departments.pf.inbox.v1") == ["gateway-desk"]
    assert readers("departments.pf.rejections.v1") == []


@given(st.uuids())
def test_every_reference_is_in_exactly_one_slice(request_id: UUID) -> None:
    reference = reference_of(request_id)
    slices = [number for number in range(SLICES) if bounds(number)[0] <= reference < bounds(number)[1]]
    assert len(slices) == 1


def test_the_store_locations_are_those_of_the_services() -> None:
    """`deploy/operator` must not import a service, so this test compares the two."""

    class Named(dict[str, Any]):
        def __missing__(self, name: str) -> str:
            return name

    database: Any = Named()
    collections: dict[str, Any] = {
        INTAKE_GROUP: request_store(database)._collection,
        ROUTING_GROUP: assignment_store(database)._collection,
        DOCUMENTS_GROUP: Files(database).documents._collection,
    }
    assert {location.group: location.collection for location in STORES} == collections
    assert {location.group: location.database for location in STORES} == {name: name for name in collections}
    timelines: Any = request_store(database)._timelines
    assert (INTAKE_GROUP, collections[INTAKE_GROUP], timelines._older) == (OWNER, DOCUMENTS, OLDER)
