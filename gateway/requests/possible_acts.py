"""What the author of a request can do now. Pure. Intake decides; a page offers only what intake would accept."""

from datetime import date
from enum import StrEnum
from typing import Final

from gateway.requests.status import DECIDED, Status
from services.common.contracts.asked import ItemState
from services.common.contracts.lifecycle import State

OPEN: Final = frozenset({State.RECEIVED, State.REGISTERED, State.IN_ANALYSIS, State.AWAITING_DOCUMENTS})


class PossibleAct(StrEnum):
    """`come-back` is a message on an answer, `follow-up` a new request that is linked to this one."""

    MESSAGE = "message"
    DELIVER = "deliver"
    COME_BACK = "come-back"
    FOLLOW_UP = "follow-up"
    WITHDRAW = "withdraw"
    RATE = "rate"


def possible_acts(status: Status, today: date) -> frozenset[PossibleAct]:
    return frozenset(_acts(status, today))


def needs_author(status: Status, today: date) -> bool:
    """Whether the request waits for its author: for documents, for an answer to a hearing, or whether a first answer is enough."""
    acts = possible_acts(status, today)
    is_answered = status.state is State.ANSWERED and PossibleAct.COME_BACK in acts
    return PossibleAct.DELIVER in acts or status.hearing is not None or is_answered


def _acts(status: Status, today: date) -> set[PossibleAct]:
    acts: set[PossibleAct] = set()
    if status.state in OPEN:
        acts |= {PossibleAct.MESSAGE, PossibleAct.WITHDRAW}
    if status.delivery is not None and any(item.state is ItemState.OPEN for item in status.asked):
        acts.add(PossibleAct.DELIVER)
    if status.state in DECIDED:
        until = status.answer.until if status.answer else None
        acts.add(PossibleAct.COME_BACK if until and today <= until else PossibleAct.FOLLOW_UP)
    if status.state in (State.WITHDRAWN, State.REJECTED):
        acts.add(PossibleAct.FOLLOW_UP)
    if status.state in (*DECIDED, State.REJECTED) and status.rating is None:
        acts.add(PossibleAct.RATE)
    return acts
