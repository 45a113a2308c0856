"""Finds the order in which events happened, from the facts that were published."""

from collections.abc import Iterator, Sequence

from tests.integration.life.events import Event
from tests.integration.life.expected import Expected, Fact


def explain(expected: Expected, events: Sequence[Event], said: Sequence[Fact]) -> list[Expected]:
    """What is expected after `events`, for each order that gives exactly the facts `said`; none while facts are missing.

    Orders that give the same facts may reject commands for other reasons. Raises an AssertionError if no order begins with these
    facts.
    """
    found = list(_explanations(expected, events, said))
    assert found, f"no order of {events}\nin {expected.model}\ngives {said}"
    return [after for after, complete in found if complete]


def _explanations(expected: Expected, events: Sequence[Event], said: Sequence[Fact]) -> Iterator[tuple[Expected, bool]]:
    """Every way in which the events can have happened so far, and whether all of them did."""
    if not events:
        if not said:
            yield expected, True
        return
    if not said:
        yield expected, False
    for index, event in enumerate(events):
        for variant in event.variants():
            after = expected.copy()
            following = variant.happen(after)
            facts = after.facts[expected.seq :]
            if facts == list(said[: len(facts)]):
                rest = (*events[:index], *following, *events[index + 1 :])
                yield from _explanations(after, rest, said[len(facts) :])
            elif list(said) == facts[: len(said)]:
                yield expected, False
