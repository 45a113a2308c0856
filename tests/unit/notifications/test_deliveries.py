"""How deliveries are made and how they move."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.common.contracts import topics
from services.common.contracts.base import Event
from services.common.contracts.handling import DocumentsReceived, HearingClosed
from services.common.contracts.internal import Recipient
from services.common.contracts.lifecycle import RequestAnswered, RequestConcluded, RequestRegistered
from services.common.store import Document
from services.notifications import domain, store
from services.notifications.domain import (
    ENDED,
    GIVE_UP_AFTER,
    MATRIX,
    RETRY_POLICIES,
    TRANSITIONS,
    Addressee,
    Delivery,
    FailureKind,
    NotAllowed,
    Skip,
    Status,
    Step,
)
from services.notifications.messages import DeliveryFailed, DeliverySent, DeliverySkipped
from tests.unit.notifications.builders import FACTS, MAIL_DOMAIN, NOON, delivery, delivery_of, fact, received

NAME = uuid4()


@pytest.mark.parametrize("notice", domain.NOTICES)
def test_a_fact_makes_one_delivery_for_each_channel_of_its_row(notice: str) -> None:
    made = domain.deliveries_of(received(FACTS[notice]), MAIL_DOMAIN)
    row = next(row for row in MATRIX if row.notice == notice)
    assert [(each.notice, each.channel) for each in made] == [(notice, channel) for channel in row.channels]


def test_a_request_that_is_resolved_makes_one_notice_not_two() -> None:
    """A department that resolves a request says an answer and a conclusion."""
    facts = [fact(RequestAnswered, concludes=True, seq=2), fact(RequestConcluded, seq=3)]
    made = [delivery for each in facts for delivery in domain.deliveries_of(received(each), MAIL_DOMAIN)]
    assert [each.notice for each in made] == ["resolved"]


def test_an_answer_of_an_older_writer_is_an_answer() -> None:
    assert [each.notice for each in domain.deliveries_of(received(fact(RequestAnswered)), MAIL_DOMAIN)] == ["answered"]


def test_a_delivery_knows_what_its_notice_says_of_the_fact() -> None:
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    about = {"language": "en", "subject": "PEN-01", "reason": "INF", "seq": 4, "occurred_at": late}
    made = delivery_of("answered", **about)
    assert (made.seq, made.language, made.subject) == (4, "en", "PEN-01")
    assert (made.happened_on, made.reply_until) == (date(2026, 4, 1), date(2026, 3, 16)), "by the calendar of Lisbon"
    assert delivery_of("registered").due_on == date(2026, 3, 16)


@pytest.mark.parametrize("notice", domain.NOTICES)
def test_the_notices_of_a_report_do_not_say_what_it_is_about(notice: str) -> None:
    assert delivery_of(notice, subject="FAM-01", reason="DEN").subject is None
    assert delivery_of(notice, subject="FAM-01", reason="DEN").department is None
    assert delivery_of(notice, subject="FAM-01", reason="INF").subject == "FAM-01"


def test_a_delivery_of_an_older_version_can_be_read() -> None:
    new = {"seq", "language", "subject", "happened_on", "due_on", "reply_until"}
    new |= {"deliver_until", "answer_until", "department"}
    old = domain.Delivery.model_validate(delivery_of("answered").model_dump(exclude=new))
    assert (old.seq, old.language, old.subject) == (0, None, None)


def test_of_a_quiet_fact_nobody_is_told_and_that_is_said_the_same_way_each_time() -> None:
    quiet = received(fact(RequestRegistered), id="e-1")._replace(quiet=True)
    (made,) = domain.deliveries_of(quiet, MAIL_DOMAIN)
    assert (made.status, made.because, made.due_at, made.ended_at) == (Status.SKIPPED, Skip.REPLAY, None, NOON)
    assert store.new_document(made, 3) == store.new_document(domain.deliveries_of(quiet, MAIL_DOMAIN)[0], 3)
    (said,) = store.new_document(made, 3)["outbox"]
    assert said["headers"]["ce_type"] == DeliverySkipped.TYPE


@pytest.mark.parametrize("quiet", [True, False])
def test_of_received_documents_nobody_is_told_and_nothing_is_published(quiet: bool) -> None:
    """The delivery only makes a reminder that has not left old news."""
    event = received(fact(DocumentsReceived), id="e-1")._replace(quiet=quiet)
    (made,) = domain.deliveries_of(event, MAIL_DOMAIN)
    assert (made.status, made.because, made.due_at) == (Status.SKIPPED, Skip.SILENT, None)
    assert store.new_document(made, 3)["outbox"] == []


def test_an_answered_hearing_makes_no_notice() -> None:
    assert domain.deliveries_of(received(fact(HearingClosed, answered=True)), MAIL_DOMAIN) == []


def test_the_same_fact_read_again_makes_the_same_delivery() -> None:
    event = fact(RequestRegistered)
    first, again = (domain.deliveries_of(received(event, id="e-1"), MAIL_DOMAIN) for _ in range(2))
    assert first == again


def test_facts_accounts_and_channels_never_share_a_delivery() -> None:
    account = uuid4()
    made = [
        domain.deliveries_of(received(fact(RequestRegistered, account_id=who), id=event), MAIL_DOMAIN)[0]
        for event in ("e-1", "e-2")
        for who in (account, uuid4())
    ]
    assert len({each.id for each in made}) == len({each.message_id for each in made}) == 4


def test_a_delivery_holds_no_word_of_the_request() -> None:
    event = fact(RequestRegistered)
    (made,) = domain.deliveries_of(received(event), MAIL_DOMAIN)
    assert getattr(event, "description") not in made.model_dump_json()  # noqa: B009 - the field of one kind of fact


def test_every_status_can_be_reached_and_what_has_ended_stays_ended() -> None:
    assert {Status.PENDING} | set(TRANSITIONS.values()) == set(Status)
    assert {status for status, _ in TRANSITIONS}.isdisjoint(ENDED)


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("status", Status)
def test_a_step_the_table_lacks_is_refused(status: Status, step: Step) -> None:
    steps = {
        Step.WAIT: lambda each: domain.postponed(each, NOON),
        Step.LEASE: lambda each: domain.leased(each, NOON, "1"),
        Step.RETRY: lambda each: domain.failed_try(each, FailureKind.UNAVAILABLE, "smtp-away", NOON, 0.5),
        Step.ACCEPTED: lambda each: domain.sent(each, NOON),
        Step.GIVE_UP: lambda each: domain.failed_try(each, FailureKind.REFUSED, "smtp-550", NOON, 0.5),
        Step.SKIP: lambda each: domain.skipped(each, Skip.NO_ACCOUNT, NOON),
    }
    standing = delivery().model_copy(update={"status": status})
    if (status, step) in TRANSITIONS:
        assert steps[step](standing).status is TRANSITIONS[status, step]
    else:
        with pytest.raises(NotAllowed):
            steps[step](standing)


class Walk(RuleBasedStateMachine):
    """Any order of tries, outcomes and crashes: a delivery ends once, says one fact, and keeps its name."""

    @initialize()
    def made(self) -> None:
        self.delivery = delivery()
        self.first = self.delivery
        self.now = NOON
        self.waited = timedelta(0)
        self.facts: list[str] = []

    def _to(self, after: Delivery) -> None:
        document = Document(str(self.delivery.id), version=1, state=self.delivery)
        self.facts += [event.headers["ce_type"] for event in store.change_to(document, after).new_events]
        self.delivery = after

    @precondition(lambda self: self.delivery.status not in ENDED)
    @rule(holder=st.sampled_from(["1", "2"]))
    def take_when_due(self, holder: str) -> None:
        assert self.delivery.due_at is not None
        self.now = max(self.now, self.delivery.due_at)
        self._to(domain.leased(self.delivery, self.now, holder))

    @precondition(lambda self: self.delivery.status is Status.PENDING)
    @rule(wait=st.timedeltas(timedelta(0), timedelta(minutes=15)))
    def let_another_go_first(self, wait: timedelta) -> None:
        before = self.delivery
        self.waited += wait
        self._to(domain.postponed(before, self.now + wait))
        assert self.delivery == before.model_copy(update={"due_at": self.now + wait}), "no failed try is counted"

    @precondition(lambda self: self.delivery.status is Status.SENDING)
    @rule(
        kind=st.sampled_from(FailureKind),
        took=st.timedeltas(timedelta(0), timedelta(hours=5)),
        chance=st.floats(0, 0.99),
    )
    def fail(self, kind: FailureKind, took: timedelta, chance: float) -> None:
        self.now += took
        self._to(domain.failed_try(self.delivery, kind, "smtp-450", self.now, chance))

    @precondition(lambda self: self.delivery.status is Status.SENDING)
    @rule()
    def arrive(self) -> None:
        self._to(domain.sent(self.delivery, self.now))

    @precondition(lambda self: self.delivery.status is Status.SENDING)
    @rule(because=st.sampled_from(Skip))
    def pass_over(self, because: Skip) -> None:
        self._to(domain.skipped(self.delivery, because, self.now))

    @rule()
    def come_late(self) -> None:
        """Somebody whose lease ran out long ago brings news of the end: after the end there is no other."""
        if self.delivery.status in ENDED:
            with pytest.raises(NotAllowed):
                domain.sent(self.delivery, self.now)

    @invariant()
    def it_is_due_until_it_ends(self) -> None:
        assert (self.delivery.due_at is None) == (self.delivery.status in ENDED) == (self.delivery.ended_at is not None)

    @invariant()
    def it_keeps_its_name(self) -> None:
        assert (self.delivery.id, self.delivery.message_id) == (self.first.id, self.first.message_id)

    @invariant()
    def it_says_one_fact_and_only_at_its_end(self) -> None:
        assert len(self.facts) == (self.delivery.status in ENDED)

    @invariant()
    def it_is_never_tried_more_often_than_patience_allows(self) -> None:
        for kind, patience in RETRY_POLICIES.items():
            assert patience.tries is None or self.delivery.failures.get(kind, 0) <= patience.tries

    @invariant()
    def a_day_after_the_first_try_no_retry_is_planned(self) -> None:
        first = self.delivery.first_tried_at
        if self.delivery.status is Status.PENDING and first is not None and self.delivery.due_at is not None:
            assert self.delivery.due_at - first < GIVE_UP_AFTER + timedelta(minutes=15) + self.waited


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_server_that_stays_away_is_given_up_after_a_day_and_not_before() -> None:
    standing, now = delivery(), NOON
    while standing.due_at is not None:
        now = max(now, standing.due_at)
        standing = domain.leased(standing, now, "1")
        standing = domain.failed_try(standing, FailureKind.UNAVAILABLE, "smtp-away", now, 0.99)
    assert standing.status is Status.FAILED
    assert standing.because == "smtp-away"
    assert GIVE_UP_AFTER <= now - NOON < GIVE_UP_AFTER + timedelta(minutes=2)


def test_a_late_first_try_still_has_its_day() -> None:
    late = NOON + timedelta(days=3)
    standing = domain.failed_try(domain.leased(delivery(), late, "1"), FailureKind.UNAVAILABLE, "smtp-away", late, 0)
    assert standing.status is Status.PENDING


def test_a_delivery_that_takes_processes_with_it_is_given_up() -> None:
    standing, now, taken = delivery(), NOON, 0
    while standing.due_at is not None:
        now = max(now, standing.due_at)
        standing, taken = domain.leased(standing, now, "1"), taken + 1
    assert standing.status is Status.FAILED
    assert standing.because == "lost"
    assert taken == (RETRY_POLICIES[FailureKind.LOST].tries or 0) + 1


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_waits_double_up_to_a_bound_and_are_spread(failures: int, chance: float) -> None:
    longest = timedelta(minutes=15)
    wait = domain.backoff(failures, longest, chance)
    assert timedelta(milliseconds=500) <= wait <= longest
    assert domain.backoff(failures, longest, 0) <= wait
    assert domain.backoff(failures + 1, longest, chance) >= wait
    if failures < 9:
        assert abs(domain.backoff(failures + 1, longest, chance) - 2 * wait) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        (None, Skip.NO_ACCOUNT),
        (Recipient(name="Ana", email=None, channels=("email",)), Skip.NO_ADDRESS),
        (Recipient(name="Ana", email="", channels=()), Skip.NO_ADDRESS),
        (Recipient(name="Ana", email="ana@example.org", channels=()), Skip.NOT_WANTED),
        (Recipient(name="Ana", email="ana@example.org", channels=("sms",)), Skip.NOT_WANTED),
        (
            Recipient(name="Ana", email="ana@example.org", channels=("email",)),
            Addressee("Ana", "ana@example.org", "pt"),
        ),
    ],
)
def test_a_notice_goes_only_to_whom_it_can_and_may_reach(recipient: Recipient | None, expected: object) -> None:
    assert domain.addressed(recipient, "email") == expected


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (lambda each: domain.sent(each, NOON), DeliverySent),
        (lambda each: domain.skipped(each, Skip.NOT_WANTED, NOON), DeliverySkipped),
        (lambda each: domain.failed_try(each, FailureKind.REFUSED, "smtp-550", NOON, 0), DeliveryFailed),
    ],
)
def test_an_end_is_said_on_an_id_that_any_replica_derives(end: object, kind: type[Event]) -> None:
    assert callable(end)
    said = []
    for holder in ("1", "2"):
        leased = domain.leased(delivery().model_copy(update={"id": NAME}), NOON, holder)
        document = Document(str(NAME), version=2, state=leased)
        (event,) = store.change_to(document, end(leased)).new_events
        said.append(event)
    assert said[0].id == said[1].id
    assert said[0].topic == topics.DELIVERIES
    assert said[0].headers["ce_type"] == kind.TYPE
    assert said[0].headers["ce_correlationid"] == "cause-of-all"
    assert said[0].headers["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")
    fact_said = kind.model_validate_json(said[0].value)
    assert isinstance(fact_said, DeliverySent | DeliverySkipped | DeliveryFailed)
    assert fact_said.delivery_id == NAME
