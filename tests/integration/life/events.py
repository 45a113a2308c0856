"""What happens to a request: each event changes what is expected of it, and may be followed by others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Final, Protocol
from uuid import UUID

from services.common.catalogue import catalogue
from services.common.legal_clock import day_of
from tests.integration.life.case import Case, Seen
from tests.integration.life.expected import Expected, Rejection
from tests.support.life.model import OPEN

MOST_ASKED: Final = 50
"""Documents that may be asked about one request."""


class Event(Protocol):
    """It is judged as a whole, before or after any other event."""

    def variants(self) -> Sequence["Event"]:
        """The event in each way in which it may be judged."""

    def happen(self, expected: Expected) -> Sequence["Event"]:
        """Change what is expected. Returns the events that follow from this one, at some later time."""


class Single:
    """An event that is always judged in the same way."""

    def variants(self) -> Sequence[Event]:
        return (self,)

    def happen(self, expected: Expected) -> Sequence[Event]:
        raise NotImplementedError


@dataclass(frozen=True)
class Attached:
    """Files by their media types. Another request names those in `contested` too, and gets them if it comes first."""

    files: Mapping[UUID, str] = field(default_factory=dict)
    contested: frozenset[UUID] = frozenset()

    def checks(self, expected: Expected, delivered: Sequence[UUID] = ()) -> Sequence[Event]:
        """The checks of the files. One that the request has already is checked again only if it was `delivered`."""
        again = [file for file in self.files if file not in expected.files or file in delivered]
        expected.files |= dict.fromkeys((file for file in again if file not in expected.files), "checking")
        return [FileCheck(file, self.files[file], file in self.contested) for file in again]


@dataclass(frozen=True)
class Registration(Single):
    attached: Attached = Attached()

    def happen(self, expected: Expected) -> Sequence[Event]:
        expected.say(["registered"])
        return (Routing(), *self.attached.checks(expected))


@dataclass(frozen=True)
class Routing(Single):
    """Routing told intake which department has the request."""

    def happen(self, expected: Expected) -> Sequence[Event]:
        if expected.model.state in OPEN:
            expected.say(["routed"])
        return ()


@dataclass(frozen=True)
class FileCheck:
    """The check of a file ended. A media type of None: it is refused."""

    document: UUID
    media_type: str | None
    contested: bool = False

    def variants(self) -> Sequence[Event]:
        uncontested = replace(self, contested=False)
        return (uncontested, replace(uncontested, media_type=None)) if self.contested else (self,)

    def happen(self, expected: Expected) -> Sequence[Event]:
        kinds = expected.model.check(self.document, self.media_type, expected.seq + 1)
        expected.files[self.document] = "refused" if self.media_type is None else "accepted"
        expected.say(kinds, str(self.document))
        return ()


@dataclass(frozen=True)
class Act(Single):
    """An act of the person: `name` is the last part of its path. `items` are the files for each asked document."""

    name: str
    id: str
    text: str | None = None
    attached: Attached = Attached()
    items: Mapping[int, Sequence[UUID]] = field(default_factory=dict)
    score: int = 0

    def happen(self, expected: Expected) -> Sequence[Event]:
        code = expected.model.act_objection(self.name)
        if code is not None:
            expected.say(["act-refused"], self.id, code)
            return ()
        kinds = self._apply(expected)
        expected.say(kinds, self.id)
        delivered = [file for files in self.items.values() for file in files]
        return self.attached.checks(expected, delivered) if "message-added" in kinds else ()

    def _apply(self, expected: Expected) -> Sequence[str]:
        model, seq = expected.model, expected.seq + 1
        if self.name == "withdrawal":
            return model.withdraw(today())
        if self.name == "rating":
            expected.rating = self.score
            return model.rate()
        if model.state in OPEN:
            return model.add_message(self.items, seq, today())
        return model.come_back(seq, said=self.text is not None or bool(self.attached.files))


@dataclass(frozen=True)
class Command:
    """A command of a department, made when it had `seen` the case. `date_code`: the objection to a date in it.

    `judged_by`: the case as routing knew it when the command arrived, if that is older than the facts so far.
    """

    name: str
    id: str
    seen: Seen
    to: str | None = None
    formats: Sequence[tuple[str, ...]] = ()
    date_code: str | None = None
    outcome: str | None = None
    judged_by: Case | None = None

    def variants(self) -> Sequence[Event]:
        return (replace(self, judged_by=None), self) if self.judged_by else (self,)

    def happen(self, expected: Expected) -> Sequence[Event]:
        case = self.judged_by or expected.case
        code = case.objection(self.seen, self.to, frozenset(catalogue().departments))
        if code is None and (code := self._objection(expected)):
            expected.say(["command-refused"], self.id, code)
        if code is not None:
            catch_up_to = expected.model.person_seq if code == "stale" else None
            expected.rejections.append(Rejection(self.id, code, catch_up_to))
            return ()
        if self.name in ("answer", "resolve"):
            expected.outcome = self.outcome
        kinds = expected.model.command(self.name, today(), self.formats)
        expected.say(kinds, self.id, to=self.to)
        return ()

    def _objection(self, expected: Expected) -> str | None:
        too_many = len(expected.model.items) + len(self.formats) > MOST_ASKED
        other = "too-many-items" if too_many else self.date_code
        return expected.model.objection(self.name, self.seen.epoch, self.seen.as_of, other)


@dataclass(frozen=True)
class Rejected(Single):
    """A command that nobody can take: it is answered, and changes nothing."""

    id: str
    code: str

    def happen(self, expected: Expected) -> Sequence[Event]:
        expected.rejections.append(Rejection(self.id, self.code))
        return ()


def today() -> date:
    return day_of(datetime.now(UTC))
