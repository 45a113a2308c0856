"""What works, judged from measurements. Pure: no input or output."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple, TypeVar, get_args

State = Literal["working", "slow", "not-working", "unknown"]
PartName = Literal["filing", "reading", "uploading", "notices", "sign-in"]

PARTS: Final[tuple[PartName, ...]] = get_args(PartName)
WORST_FIRST: Final[tuple[State, ...]] = ("not-working", "slow", "unknown", "working")

KNOWN_FOR: Final = timedelta(seconds=20)
"""An older measurement says nothing about now. One takes up to five seconds, and the next one begins five seconds later."""

SLOW_ANSWER: Final = 1.0
"""Seconds after which an answer to a probe, which takes milliseconds, is slow."""

STANDS_STILL: Final = timedelta(minutes=15)
"""A delay above which something does not work at all."""

VIEWS_SLOW: Final = timedelta(seconds=30)
NOTICES_SLOW: Final = timedelta(minutes=2)


class Answer(NamedTuple):
    """How an engine or a service answered a probe. `seconds`: None if it did not answer in time."""

    at: datetime
    seconds: float | None


class Lag(NamedTuple):
    """How far something was behind at the time `at`."""

    at: datetime
    delay: timedelta


M = TypeVar("M", Answer, Lag)


class Measurements(NamedTuple):
    """The last one of each kind; None if there was none, or if it failed."""

    broker: Answer | None = None
    store: Answer | None = None
    documents: Answer | None = None
    views: Lag | None = None
    notices: Lag | None = None

    def known(self, now: datetime) -> "Measurements":
        """Those that still say something about `now`."""
        return Measurements(
            broker=_known(self.broker, now),
            store=_known(self.store, now),
            documents=_known(self.documents, now),
            views=_known(self.views, now),
            notices=_known(self.notices, now),
        )


class Judgement(NamedTuple):
    """`at`: when it was measured. `delay`: how far it is behind, if that is known."""

    state: State
    at: datetime | None = None
    delay: timedelta | None = None


class Part(NamedTuple):
    """A part of the service. `since`: from when on it is in this state, as far as this replica knows."""

    name: PartName
    state: State
    since: datetime
    checked_at: datetime | None
    delay: timedelta | None


def judge(measurements: Measurements, now: datetime) -> Mapping[PartName, Judgement]:
    """The state of each part."""
    known = measurements.known(now)
    return {
        "filing": _by_answer(known.broker),
        "reading": _reading(known.store, known.views),
        "uploading": _by_answer(known.documents),
        "notices": _by_lag(known.notices, NOTICES_SLOW),
        "sign-in": _by_answer(known.store),
    }


def advance(
    parts: Mapping[PartName, Part], judged: Mapping[PartName, Judgement], now: datetime
) -> dict[PartName, Part]:
    """The parts after a judgement: a state that is the same lasts since it began."""
    return {name: _advanced(parts.get(name), name, each, now) for name, each in judged.items()}


def overall(parts: Mapping[PartName, Part]) -> State:
    """The worst state of all parts; `unknown` without any."""
    states = {each.state for each in parts.values()}
    return next((each for each in WORST_FIRST if each in states), "unknown")


def _known(measured: M | None, now: datetime) -> M | None:
    return measured if measured is not None and now - measured.at <= KNOWN_FOR else None


def _advanced(before: Part | None, name: PartName, judged: Judgement, now: datetime) -> Part:
    since = before.since if before is not None and before.state == judged.state else now
    # What is not known now was known at the last measurement.
    checked_at = judged.at or (before.checked_at if before is not None else None)
    return Part(name, judged.state, since, checked_at, judged.delay)


def _by_answer(answer: Answer | None) -> Judgement:
    if answer is None:
        return Judgement("unknown")
    if answer.seconds is None:
        return Judgement("not-working", answer.at)
    return Judgement("slow" if answer.seconds > SLOW_ANSWER else "working", answer.at)


def _by_lag(lag: Lag | None, slow: timedelta) -> Judgement:
    if lag is None:
        return Judgement("unknown")
    state: State = "not-working" if lag.delay > STANDS_STILL else "slow" if lag.delay > slow else "working"
    return Judgement(state, lag.at, lag.delay)


def _reading(store: Answer | None, views: Lag | None) -> Judgement:
    """Without the store nothing is read. With it people read their requests, as old as the views are."""
    answered, shown = _by_answer(store), _by_lag(views, VIEWS_SLOW)
    if answered.state in {"not-working", "unknown"}:
        return answered
    return answered._replace(delay=shown.delay) if shown.state == "working" else shown
