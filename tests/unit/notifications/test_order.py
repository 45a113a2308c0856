"""Notices about one request leave in the order of its facts, whatever happens between two steps of a replica."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.notifications import domain
from services.notifications.domain import (
    ENDED,
    LEASE,
    Delivery,
    FailureKind,
    OtherNotice,
    Replaced,
    Send,
    Skip,
    Status,
    Wait,
    turn_of,
)
from services.notifications.domain.order import SHORTEST_WAIT
from tests.unit.notifications.builders import NOON, delivery_of

SECOND = timedelta(seconds=1)


def other(seq: int, status: Status, due: timedelta | None = None, notice: str = "answered") -> OtherNotice:
    return OtherNotice(notice, seq, status, None if due is None else NOON + due)


@pytest.mark.parametrize("status", sorted(ENDED))
def test_an_earlier_notice_that_has_ended_holds_up_nothing(status: Status) -> None:
    assert turn_of(delivery_of("withdrawn", seq=2), [other(1, status)], NOON, LEASE) == Send()


@pytest.mark.parametrize("due", [timedelta(0), SECOND, timedelta(minutes=15)])
def test_a_notice_waits_until_the_retry_of_an_earlier_one(due: timedelta) -> None:
    turn = turn_of(delivery_of("withdrawn", seq=2), [other(1, Status.PENDING, due)], NOON, LEASE)
    assert turn == Wait(NOON + due + SHORTEST_WAIT)


@pytest.mark.parametrize("since", [timedelta(0), SECOND, 10 * SECOND, 59 * SECOND])
def test_a_notice_waits_for_one_that_is_being_sent_as_long_again_as_that_took(since: timedelta) -> None:
    sending = other(1, Status.SENDING, LEASE - since)
    turn = turn_of(delivery_of("withdrawn", seq=2), [sending], NOON, LEASE)
    assert turn == Wait(NOON + min(since, LEASE - since) + SHORTEST_WAIT)


def test_a_notice_waits_for_the_last_of_several_earlier_ones() -> None:
    others = [other(1, Status.PENDING, SECOND), other(3, Status.PENDING, 9 * SECOND), other(2, Status.SENT)]
    assert turn_of(delivery_of("withdrawn", seq=4), others, NOON, LEASE) == Wait(NOON + 9 * SECOND + SHORTEST_WAIT)


@pytest.mark.parametrize(("ahead", "waits"), [(1, 1), (2, 2), (10, 10), (40, 40), (3000, 40)])
def test_many_notices_about_one_request_wait_longer_the_more_are_ahead(ahead: int, waits: int) -> None:
    others = [other(seq, Status.PENDING, timedelta(0)) for seq in range(1, ahead + 1)]
    turn = turn_of(delivery_of("document-refused", seq=ahead + 1), others, NOON, LEASE)
    assert turn == Wait(NOON + waits * SHORTEST_WAIT)


@pytest.mark.parametrize("every", [timedelta(0), SECOND / 10, SECOND / 5])
def test_a_burst_of_notices_about_one_request_leaves_one_after_another_without_growing_waits(every: timedelta) -> None:
    number, tick, now = 40, SECOND / 20, NOON
    waiting = {seq: NOON + seq * every for seq in range(1, number + 1)}
    sending: dict[int, datetime] = {}
    while waiting and now < NOON + timedelta(minutes=5):
        sending = {seq: since for seq, since in sending.items() if now - since < 3 * tick}
        for seq in [each for each, due in waiting.items() if due <= now]:
            others = [other(each, Status.PENDING, due - NOON) for each, due in waiting.items() if each < seq]
            others += [other(each, Status.SENDING, since + LEASE - NOON) for each, since in sending.items()]
            turn = turn_of(delivery_of("document-refused", seq=seq), others, now, LEASE)
            if isinstance(turn, Wait):
                waiting[seq] = turn.until
            else:
                del waiting[seq]
                sending[seq] = now
        now += tick
    assert not waiting
    assert now - NOON <= number * (SHORTEST_WAIT + 4 * tick)


def test_a_late_notice_is_replaced_by_a_later_one_that_was_sent() -> None:
    late = delivery_of("registered", seq=1)
    assert turn_of(late, [other(2, Status.SENT)], NOON, LEASE) == Replaced()
    assert turn_of(late, [other(2, Status.FAILED)], NOON, LEASE) == Send()
    assert turn_of(late, [other(2, Status.SKIPPED)], NOON, LEASE) == Send()
    assert turn_of(late, [other(2, Status.PENDING, SECOND)], NOON, LEASE) == Send()
    assert isinstance(turn_of(late, [other(2, Status.SENDING, SECOND)], NOON, LEASE), Wait)


SIDE_NOTICES = ["document-refused", "documents-reminder", "forwarded", "extended"]
STATE_NOTICES = sorted(set(domain.NOTICES) - set(SIDE_NOTICES) - {"registered"})


@pytest.mark.parametrize("side", SIDE_NOTICES)
@pytest.mark.parametrize("notice", ["answered", "documents-requested", "hearing-opened"])
def test_a_late_notice_is_not_replaced_by_a_later_one_that_does_not_tell_the_state(side: str, notice: str) -> None:
    late = delivery_of(notice, seq=4)
    assert turn_of(late, [other(6, Status.SENT, notice=side)], NOON, LEASE) == Send()
    both = [other(6, Status.SENT, notice=side), other(7, Status.SENT, notice="withdrawn")]
    assert turn_of(late, both, NOON, LEASE) == Replaced()


@pytest.mark.parametrize("later", STATE_NOTICES)
@pytest.mark.parametrize("notice", ["forwarded", "extended", "documents-requested", "document-refused"])
def test_a_late_notice_is_replaced_by_each_later_one_that_tells_the_state(notice: str, later: str) -> None:
    late = delivery_of(notice, seq=4)
    assert turn_of(late, [other(6, Status.SENT, notice=later)], NOON, LEASE) == Replaced()
    assert turn_of(late, [other(6, Status.PENDING, SECOND, notice=later)], NOON, LEASE) == Send()
    assert turn_of(late, [other(2, Status.SENT, notice=later)], NOON, LEASE) == Send()


@pytest.mark.parametrize("later", [*STATE_NOTICES, "documents-received"])
@pytest.mark.parametrize("status", [Status.PENDING, Status.SKIPPED, Status.SENT])
def test_a_reminder_that_has_not_left_is_dropped_when_anything_later_is_known(later: str, status: Status) -> None:
    """Also while the later one waits for it: the documents came, their term passed, or the request was decided."""
    reminder = delivery_of("documents-reminder", seq=4)
    assert turn_of(reminder, [other(6, status, SECOND, notice=later)], NOON, LEASE) == Replaced()
    assert turn_of(reminder, [other(3, Status.SENT, notice=later)], NOON, LEASE) == Send()
    assert turn_of(reminder, [other(5, Status.PENDING, SECOND, notice="forwarded")], NOON, LEASE) == Send()


def test_a_reminder_waits_for_the_ask_and_does_not_replace_it() -> None:
    ask = other(3, Status.PENDING, SECOND, notice="documents-requested")
    assert isinstance(turn_of(delivery_of("documents-reminder", seq=4), [ask], NOON, LEASE), Wait)
    late = delivery_of("documents-requested", seq=3)
    assert turn_of(late, [other(4, Status.SENT, notice="documents-reminder")], NOON, LEASE) == Send()


def test_received_documents_hold_up_no_notice_and_replace_none_but_the_reminder() -> None:
    received = other(6, Status.SKIPPED, notice="documents-received")
    assert turn_of(delivery_of("answered", seq=7), [received], NOON, LEASE) == Send()
    assert turn_of(delivery_of("documents-requested", seq=5), [received], NOON, LEASE) == Send()


@given(
    others=st.lists(
        st.builds(
            OtherNotice,
            notice=st.sampled_from(domain.NOTICES),
            seq=st.integers(0, 5),
            status=st.sampled_from(Status),
            due_at=st.none() | st.timedeltas(-timedelta(hours=1), timedelta(minutes=16)).map(lambda due: NOON + due),
        ),
        max_size=6,
    )
)
def test_a_wait_always_ends_and_is_no_longer_than_any_retry(others: list[OtherNotice]) -> None:
    turn = turn_of(delivery_of("answered", seq=3), others, NOON, LEASE)
    if isinstance(turn, Wait):
        latest = max(NOON, *(each.due_at or NOON for each in others))
        assert NOON < turn.until <= latest + len(others) * SHORTEST_WAIT


@dataclass
class Look:
    """What a replica has read of the delivery `at`, and the result that it stores next. None: it is sending the mail."""

    at: int
    version: int
    delivery: Delivery
    after: Delivery | None


class Interleavings(RuleBasedStateMachine):
    """Facts of one request are inserted in order. Two replicas look, save, send and die, each step at any time.

    `stored`: the versions and deliveries. `looks`: what each replica is doing. `mails`: the `seq` of each mail that left.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.request = uuid4()
        self.stored: list[tuple[int, Delivery]] = []
        self.looks: list[Look] = []
        self.mails: list[int] = []
        self.insert()

    @precondition(lambda self: len(self.stored) < 3)
    @rule()
    def insert(self) -> None:
        made = delivery_of("registered", seq=len(self.stored) + 1, request_id=self.request)
        self.stored.append((1, made.model_copy(update={"due_at": self.now})))

    @rule(seconds=st.sampled_from([0.3, 2.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def due(self) -> list[int]:
        return [at for at, (_, each) in enumerate(self.stored) if each.due_at is not None and each.due_at <= self.now]

    @precondition(lambda self: self.due())
    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        """Read what is due and all other deliveries, and decide. Saving is another step."""
        self.decide(data.draw(st.sampled_from(self.due())))

    def decide(self, at: int) -> None:
        version, found = self.stored[at]
        others = [
            OtherNotice(each.notice, each.seq, each.status, each.due_at) for _, each in self.stored if each is not found
        ]
        turn = turn_of(found, others, self.now, LEASE) if found.status is Status.PENDING else Send()
        if isinstance(turn, Wait):
            after = domain.postponed(found, turn.until)
        elif isinstance(turn, Replaced):
            after = domain.skipped(found, Skip.REPLACED, self.now)
        else:
            after = domain.leased(found, self.now, "a")
        self.looks.append(Look(at, version, found, after))

    @precondition(lambda self: self.looks)
    @rule(data=st.data(), fails=st.none() | st.sampled_from([FailureKind.UNAVAILABLE, FailureKind.REFUSED]))
    def go_on(self, data: st.DataObject, fails: FailureKind | None) -> None:
        """The next step of one replica: the compare-and-set of its result, or the mail."""
        look = data.draw(st.sampled_from(self.looks))
        self.save(look) if look.after else self.send(look, fails)

    def save(self, look: Look) -> None:
        assert look.after is not None
        self.looks.remove(look)
        if self.stored[look.at][0] == look.version:
            self.stored[look.at] = (look.version + 1, look.after)
            if look.after.status is Status.SENDING:
                self.looks.append(Look(look.at, look.version + 1, look.after, None))

    def send(self, look: Look, fails: FailureKind | None) -> None:
        """A try takes at most half of its lease."""
        assert look.delivery.due_at is not None
        if fails or self.now >= look.delivery.due_at - LEASE / 2:
            look.after = domain.failed_try(look.delivery, fails or FailureKind.UNAVAILABLE, "smtp-450", self.now, 0.5)
        else:
            self.mails.append(look.delivery.seq)
            look.after = domain.sent(look.delivery, self.now)

    @precondition(lambda self: self.looks)
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        self.looks.remove(data.draw(st.sampled_from(self.looks)))

    @invariant()
    def mails_leave_in_the_order_of_the_facts(self) -> None:
        firsts = list(dict.fromkeys(self.mails))
        assert firsts == sorted(firsts)

    @invariant()
    def nothing_is_replaced_that_was_inserted_in_order(self) -> None:
        assert not [each for _, each in self.stored if each.because == Skip.REPLACED]

    def teardown(self) -> None:
        """Left alone, one replica sends everything that has not ended."""
        self.looks.clear()
        for _ in range(100):
            if not any(each.due_at for _, each in self.stored):
                break
            self.wait(61.0)
            for at in self.due():
                self.decide(at)
                while self.looks:
                    self.save(self.looks[0]) if self.looks[0].after else self.send(self.looks[0], None)
        assert all(each.status in ENDED for _, each in self.stored)
        self.mails_leave_in_the_order_of_the_facts()


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
