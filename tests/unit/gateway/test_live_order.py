"""Streams send each fact of a request once and in order, whatever comes twice, late or never; recent facts can be resumed."""

from collections.abc import Iterable
from uuid import UUID

from hypothesis import given, strategies as st

from gateway.live.domain import KEPT_SECONDS, LiveFact, RecentFacts, SeqOrder
from gateway.live.frames import number_of, token_of
from gateway.requests.view import TimelineFact
from tests.unit.gateway.builders import ACCOUNT, NOON, Clock

OTHER = UUID(int=2)

SEQS = st.integers(1, 12)


def fact(seq: int) -> TimelineFact:
    return TimelineFact(id=f"id-{seq}", type="request.message-added", at=NOON)


def sent_by(order: SeqOrder[int], offered: Iterable[int]) -> list[int]:
    """What a stream sends that takes after each offer, but never gives a gap up."""
    sent = []
    for seq in offered:
        order.offer(seq, seq)
        sent += [taken for taken, _ in order.take()]
    return sent


@given(st.integers(0, 6), st.lists(SEQS))
def test_facts_are_sent_once_without_gaps_and_as_far_as_they_are_complete(last: int, offered: list[int]) -> None:
    order = SeqOrder[int](last)
    sent = sent_by(order, offered)
    complete = last
    while complete + 1 in offered:
        complete += 1
    assert sent == list(range(last + 1, complete + 1))
    later = [seq for seq in offered if seq > complete]
    assert order.gap == (complete + 1 if later else None)


@given(st.integers(0, 6), st.permutations(range(1, 13)), st.lists(SEQS))
def test_facts_in_any_order_with_any_repetitions_are_sent_in_order(
    last: int, offered: list[int], repeated: list[int]
) -> None:
    order = SeqOrder[int](last)
    assert sent_by(order, [*repeated, *offered, *repeated]) == list(range(last + 1, 13))
    assert order.gap is None


@given(st.lists(st.tuples(SEQS, st.booleans())))
def test_a_gap_that_is_given_up_hides_no_later_fact_and_nothing_comes_out_of_order(
    steps: list[tuple[int, bool]],
) -> None:
    order, sent = SeqOrder[int](0), list[int]()
    for seq, gives_up in steps:
        order.offer(seq, seq)
        sent += [taken for taken, _ in order.take()]
        if gives_up and order.gap is not None:
            order.skip_gap()
            sent += [taken for taken, _ in order.take()]
    assert sent == sorted(set(sent))
    while order.gap is not None:
        order.skip_gap()
        sent += [taken for taken, _ in order.take()]
    assert max(sent, default=0) == max((seq for seq, _ in steps), default=0)


def kept(recent: RecentFacts, *seqs: int, account: UUID = ACCOUNT, reference: str = "r") -> list[LiveFact]:
    """The facts that are not repetitions."""
    added = [recent.add(account, reference, seq, fact(seq), size=100) for seq in seqs]
    return [each for each in added if each is not None]


@given(st.lists(SEQS))
def test_no_fact_is_distributed_twice_or_after_a_later_one(seqs: list[int]) -> None:
    distributed = [live.seq for live in kept(RecentFacts(Clock()), *seqs)]
    assert distributed == sorted(set(distributed))


@given(st.lists(st.tuples(st.sampled_from([ACCOUNT, OTHER]), st.sampled_from(["r", "s"]), SEQS)), st.integers(0, 20))
def test_a_stream_that_is_resumed_gets_exactly_what_came_after_its_id(
    facts: list[tuple[UUID, str, int]], interrupted_after: int
) -> None:
    recent, distributed = RecentFacts(Clock()), list[LiveFact]()
    number = recent.number
    for index, (account, name, seq) in enumerate(facts):
        distributed += kept(recent, seq, account=account, reference=f"{account}{name}")
        if index < interrupted_after:
            number = recent.number
    own = [live for live in distributed if live.account_id == ACCOUNT]
    assert recent.since(ACCOUNT, number) == [live for live in own if live.number > number]
    assert all(live.account_id == ACCOUNT for live in own)


def test_a_fact_whose_predecessor_was_not_read_is_marked() -> None:
    assert [live.follows for live in kept(RecentFacts(Clock()), 4, 5, 7, 8)] == [True, True, False, True]


def test_facts_are_forgotten_after_two_minutes_and_older_ids_cannot_be_resumed() -> None:
    clock = Clock()
    recent = RecentFacts(clock)
    start = recent.number
    kept(recent, 1)
    clock.now += KEPT_SECONDS
    kept(recent, 2)
    assert [live.seq for live in recent.since(ACCOUNT, start) or ()] == [1, 2]
    clock.now += 1
    assert recent.since(ACCOUNT, start) is None
    assert [live.seq for live in recent.since(ACCOUNT, start + 1) or ()] == [2]
    assert [live.seq for live in recent.of_request(ACCOUNT, "r")] == [2]
    assert recent.since(OTHER, start + 2) == []


def test_large_facts_are_forgotten_earlier() -> None:
    recent = RecentFacts(Clock(), kept_bytes=250)
    kept(recent, 1, 2, 3)
    assert [live.seq for live in recent.of_request(ACCOUNT, "r")] == [2, 3]


def test_after_a_loss_no_earlier_id_can_be_resumed() -> None:
    recent = RecentFacts(Clock())
    kept(recent, 1)
    before = recent.number
    recent.forget()
    assert recent.since(ACCOUNT, before) is None
    assert recent.since(ACCOUNT, recent.number) == []
    assert [live.seq for live in kept(recent, 7)] == [7]


def test_a_number_of_the_future_cannot_be_resumed() -> None:
    recent = RecentFacts(Clock())
    assert recent.since(ACCOUNT, recent.number + 1) is None


@given(st.integers(0, 2**41))
def test_a_token_gives_its_number_to_its_own_hub_alone(number: int) -> None:
    assert number_of("0123456789ab", token_of("0123456789ab", number)) == number
    assert number_of("ba9876543210", token_of("0123456789ab", number)) is None


@given(st.text())
def test_any_other_text_is_no_token(text: str) -> None:
    assert number_of("0123456789ab", text) is None
