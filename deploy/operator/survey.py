"""Read the open dead letters and the documents that wait for them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiokafka import TopicPartition

from deploy.operator.audit import read_history
from deploy.operator.dead_letters import (
    DLQ_INFIX,
    DeadLetter,
    dead_letter_topics,
    open_dead_letters,
    parse_dead_letter,
    read_dead_letters,
)
from deploy.operator.errors import OperatorError
from deploy.operator.letter_filter import LetterFilter
from deploy.operator.log import Record
from deploy.operator.plan import LetterQueue, queues_of
from deploy.operator.service_stores import BlockedDocument
from deploy.operator.session import OperatorSession

_OFFSET: Final = re.compile(r"[0-9]{1,18}")
"""Offsets have 64 bits. The limit matters: Python refuses to parse numbers of thousands of digits."""


@dataclass(frozen=True, slots=True)
class Survey:
    letters: Sequence[DeadLetter]
    blocked: Sequence[BlockedDocument]
    queues: Sequence[LetterQueue]
    """Only queues that contain a chosen dead letter."""


async def survey(session: OperatorSession, chosen: LetterFilter) -> Survey:
    """Read all open dead letters of the chosen groups from the broker, and the blocked documents from the stores."""
    # The documents are read first: the dead letters of everything they wait for are on the topics by then.
    blocked = [each for each in await session.stores.blocked() if chosen.may_match_group(each.group)]
    topics = await dead_letter_topics(session.log, lambda _, group: chosen.may_match_group(group))
    ranges = await session.log.extents(await session.log.partitions(topics))
    history = await read_history(session.log)
    letters = open_dead_letters(await read_dead_letters(session.log, ranges), history)
    return Survey(letters, blocked, queues_of(letters, blocked, chosen))


async def find_dead_letter(session: OperatorSession, name: str) -> tuple[DeadLetter, Record]:
    """The dead letter with a name, TOPIC/OFFSET, and its record. Raises OperatorError when there is none."""
    topic, _, offset = name.rpartition("/")
    record = None
    if DLQ_INFIX in topic and _OFFSET.fullmatch(offset):
        record = await _record_at(session, topic, int(offset))
    letter = parse_dead_letter(record) if record is not None else None
    if letter is None or record is None:
        raise OperatorError(f"There is no dead letter '{name}': 'postigo dlq list --each' shows the names.")
    return letter, record


async def _record_at(session: OperatorSession, topic: str, offset: int) -> Record | None:
    """The record, or None: a person may name a topic or an offset that does not exist."""
    if not await session.log.partitions([topic]):
        return None
    tp = TopicPartition(topic, 0)
    first, end = (await session.log.extents([tp]))[tp]
    return await session.log.at(tp, offset) if first <= offset < end else None
