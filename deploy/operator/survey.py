"""What there is to look after: open letters, and the documents that wait for them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiokafka import TopicPartition

from deploy.operator.audit import history
from deploy.operator.errors import OperatorError
from deploy.operator.letter_filter import LetterFilter
from deploy.operator.letters import BETWEEN, Letter, letter_of, letter_topics, letters_in, open_letters
from deploy.operator.log import Record
from deploy.operator.plan import Line, lines_of
from deploy.operator.service_stores import Blocked
from deploy.operator.session import OperatorSession

_OFFSET: Final = re.compile(r"[0-9]{1,18}")
"""Any that the broker can have, in 64 bits; Python refuses to read numbers of thousands of digits."""


@dataclass(frozen=True, slots=True)
class Survey:
    letters: Sequence[Letter]
    blocked: Sequence[Blocked]
    lines: Sequence[Line]
    """Those with a chosen letter in them."""


async def survey(session: OperatorSession, chosen: LetterFilter) -> Survey:
    """Everything that the chosen groups have set aside, read anew."""
    # Before the letters: whatever a document waits for has its letter by then.
    blocked = [each for each in await session.books.blocked() if chosen.may_be_of(each.group)]
    topics = await letter_topics(session.log, lambda _, group: chosen.may_be_of(group))
    extents = await session.log.extents(await session.log.partitions(topics))
    done = await history(session.log)
    letters = open_letters(await letters_in(session.log, extents), done)
    return Survey(letters, blocked, lines_of(letters, blocked, chosen))


async def letter_named(session: OperatorSession, name: str) -> tuple[Letter, Record]:
    """The letter that a person named, and its record. Raises OperatorError."""
    topic, _, offset = name.rpartition("/")
    record = None
    if BETWEEN in topic and _OFFSET.fullmatch(offset):
        record = await _typed(session, topic, int(offset))
    letter = letter_of(record) if record is not None else None
    if letter is None or record is None:
        raise OperatorError(f"There is no letter '{name}': 'postigo dlq list --each' names those that there are.")
    return letter, record


async def _typed(session: OperatorSession, topic: str, offset: int) -> Record | None:
    """What lies where a person says; they may name a topic that is not there, or an offset that nothing has yet."""
    if not await session.log.partitions([topic]):
        return None
    tp = TopicPartition(topic, 0)
    first, after = (await session.log.extents([tp]))[tp]
    return await session.log.at(tp, offset) if first <= offset < after else None
