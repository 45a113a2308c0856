"""The reference department over whole lives: its own commands, through intake and routing, without a broker."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import pytest

from services.common.catalogue import catalogue
from services.common.contracts.asked import ItemDelivery
from services.common.contracts.decisions import Outcome
from services.common.contracts.departments import Assignment
from services.common.contracts.handling import HearingOpened, RequestExtended, RequestForwarded
from services.common.contracts.lifecycle import RequestAnswered, State
from tests.unit.demo.test_department import record, replies
from tests.unit.departments.exchange import Exchange

FILES: Final = (UUID(int=11), UUID(int=12))


class Counter:
    """All departments of one request, each answering its inbox in order."""

    def __init__(self, reason: str) -> None:
        current = catalogue()
        subject = next(code for code in current.subjects if current.valid_leaf(code, reason))
        self.exchange = Exchange(reason, subject)
        self.read: dict[str, int] = {}
        self.sent: list[str] = []
        self.work()

    @property
    def state(self) -> State | None:
        return self.exchange.latest.state

    def do(self, step: Callable[[Exchange], Any]) -> None:
        step(self.exchange)
        self.work()

    def work(self) -> None:
        """The departments answer what they have not read yet, until there is nothing."""
        while unread := [(code, event) for code in list(self.exchange.inboxes) if (event := self._next(code))]:
            for code, event in unread:
                self.read[code] = self.read.get(code, 0) + 1
                for command in self.answers(code, event):
                    headers = dict(command["headers"])
                    self.sent.append(headers["ce_id"].decode().split("/")[-1])
                    self.exchange.send(code, command["value"], headers)

    def _next(self, code: str) -> Assignment | None:
        inbox = self.exchange.inboxes[code]
        done = self.read.get(code, 0)
        return inbox[done] if done < len(inbox) else None

    def answers(self, code: str, event: Assignment) -> list[dict[str, Any]]:
        return replies(code, record(event, ce_id=str(event.number).encode()))[1]

    def fact(self, kind: type[Any]) -> Any:
        (found,) = [fact for fact in self.exchange.facts if isinstance(fact, kind)]
        return found


def deliver(number: int) -> Callable[[Exchange], None]:
    file = FILES[number - 1]
    return lambda exchange: exchange.write(file, items=[ItemDelivery(item=number, documents=(file,))])


@pytest.mark.parametrize("reason", sorted(set(catalogue().reasons) - {"COR", "IND", "ALT", "ATR", "VAL"}))
def test_an_ordinary_request_is_acknowledged_and_decided(reason: str) -> None:
    counter = Counter(reason)
    assert (counter.sent, counter.state) == (["acknowledge", "resolve"], State.CONCLUDED)
    answered = counter.fact(RequestAnswered)
    assert answered.outcome in (Outcome.INFORMED, Outcome.GRANTED)
    assert (answered.grounds is None) == (answered.outcome is Outcome.INFORMED)
    assert counter.exchange.rejections == []


def test_a_correction_asks_for_two_documents_and_waits_for_both() -> None:
    counter = Counter("COR")
    assert (counter.sent, counter.state) == (["acknowledge", "request-information"], State.AWAITING_DOCUMENTS)
    counter.do(deliver(1))
    counter.do(lambda exchange: exchange.accept(FILES[0]))
    counter.do(deliver(2))
    assert counter.state is State.AWAITING_DOCUMENTS
    counter.do(lambda exchange: exchange.accept(FILES[1]))
    assert (counter.sent[2:], counter.state) == (["resolve"], State.CONCLUDED)
    assert counter.exchange.rejections == []


def test_a_correction_whose_documents_never_come_is_decided_without_them() -> None:
    counter = Counter("COR")
    counter.do(Exchange.pass_time)
    counter.do(Exchange.pass_time)
    assert (counter.sent[2:], counter.state) == (["resolve"], State.CONCLUDED)


@pytest.mark.parametrize("answer", [Exchange.write, Exchange.pass_time])
def test_the_person_is_heard_before_a_refusal(answer: Callable[[Exchange], Any]) -> None:
    counter = Counter("IND")
    assert counter.sent == ["acknowledge", "hear"]
    counter.fact(HearingOpened)
    counter.do(answer)
    answered = counter.fact(RequestAnswered)
    assert (counter.sent[2:], counter.state, answered.outcome) == (["resolve"], State.CONCLUDED, Outcome.REFUSED)
    assert answered.appeal is not None
    assert counter.exchange.rejections == []


def test_an_amount_is_decided_after_an_extension() -> None:
    counter = Counter("VAL")
    assert counter.sent == ["acknowledge", "extend", "resolve"]
    assert counter.fact(RequestExtended).deadline.extension > 0
    assert counter.fact(RequestAnswered).outcome is Outcome.PARTLY
    assert counter.exchange.rejections == []


def test_a_delay_is_transferred_once_and_answered_there() -> None:
    counter = Counter("ATR")
    assert (counter.sent, counter.state) == (["acknowledge", "transfer", "resolve"], State.CONCLUDED)
    assert (counter.fact(RequestForwarded).department, counter.fact(RequestAnswered).department) == ("rec", "rec")
    assert counter.exchange.rejections == []


def test_a_change_is_answered_and_resolved_when_its_author_comes_back() -> None:
    counter = Counter("ALT")
    assert (counter.sent, counter.state) == (["acknowledge", "answer"], State.ANSWERED)
    counter.do(Exchange.write)
    assert counter.state is State.CONCLUDED
    assert {each.code for each in counter.exchange.rejections} <= {"stale"}


@pytest.mark.parametrize("reason", sorted(catalogue().reasons))
def test_a_case_that_comes_back_is_answered_again(reason: str) -> None:
    counter = Counter(reason)
    while counter.state is not State.CONCLUDED:
        counter.do(Exchange.write if counter.state is State.ANSWERED else Exchange.pass_time)
    counter.do(Exchange.write)
    assert (counter.state, counter.sent[-1]) == (State.CONCLUDED, "resolve")
    assert {each.code for each in counter.exchange.rejections} <= {"stale", "not-allowed"}


@pytest.mark.parametrize("reason", sorted(catalogue().reasons))
def test_what_was_read_before_gives_the_same_commands_again(reason: str) -> None:
    counter = Counter(reason)
    counter.do(Exchange.write)
    before = len(counter.exchange.facts), len(counter.exchange.rejections)
    for code, inbox in list(counter.exchange.inboxes.items()):
        for event in list(inbox):
            first, second = (
                [(each["value"], dict(each["headers"])["ce_id"]) for each in counter.answers(code, event)]
                for _ in range(2)
            )
            assert first == second
    counter.read.clear()
    counter.work()
    assert (len(counter.exchange.facts), len(counter.exchange.rejections)) == before
