"""The requests and accounts of the demonstration. Every name, number and document is invented."""

from datetime import date, timedelta
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from deploy.demo.sick_leave import SickLeave
from services.common.contracts.base import Code, Prose
from services.common.contracts.employers import Niss
from services.common.contracts.intake import Score

_HERE: Final[Traversable] = resources.files("deploy.demo")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DemoAccount(_Row):
    """A person or company that signs in with `niss` (11 digits) and `password`. Requests name the account by `key`.

    `place` is where they live, if it is not on the mainland.
    """

    key: str
    niss: Annotated[str, StringConstraints(pattern=r"^[12][0-9]{10}$")]
    password: Annotated[str, StringConstraints(min_length=12)]
    name: str
    email: Annotated[str, StringConstraints(pattern=r"^[a-z.]+@example\.org$")]
    language: Literal["pt", "en"]
    kind: Literal["person", "company"]
    place: Code | None = None
    flags: tuple[Code, ...] = ()


class DemoMessage(_Row):
    """A message that the author adds to a filed request, at a moment of its life.

    `filed`: at once. `asked`: when the document number `item` is asked for, with the files for it. `heard`: whenever a hearing is
    open. `answered`: on an answer that leaves the request open.
    """

    text: Prose
    documents: tuple[str, ...] = ()
    when: Literal["filed", "asked", "heard", "answered"] = "filed"
    item: int | None = None


class DemoRating(_Row):
    score: Score
    text: Prose | None = None


class DemoRequest(_Row):
    """A request as its author writes it. `department`: the one that the catalogue assigns to its subject.

    The author adds `messages`, each at its moment, withdraws the request if `withdrawn` as soon as it has a reference, and gives
    the `rating` after everything else. `answers` are those to the questions of the reason; of `days` among them, how many days after
    the filing they are. `about` is the `name` of an earlier request of the same account: this one asks where that one stands, and goes
    to the department that has it.
    """

    account: str
    subject: Code
    reason: Code
    department: Code
    description: Prose
    answers: dict[str, str | int | bool] = Field(default_factory=dict)
    days: dict[str, int] = Field(default_factory=dict)
    documents: tuple[str, ...] = ()
    messages: tuple[DemoMessage, ...] = ()
    withdrawn: bool = False
    rating: DemoRating | None = None
    name: str | None = None
    about: str | None = None

    def answers_on(self, today: date) -> dict[str, str | int | bool]:
        """The answers of a request that is filed today."""
        return self.answers | {name: (today + timedelta(days=after)).isoformat() for name, after in self.days.items()}

    def body_on(self, today: date) -> dict[str, object]:
        """The body of a submit that is filed today, without files."""
        body: dict[str, object] = {"subject": self.subject, "reason": self.reason, "description": self.description}
        answers = self.answers_on(today)
        return body | ({"answers": answers} if answers else {})

    @property
    def files(self) -> tuple[str, ...]:
        """The names of all attachments: those of the request and of its messages."""
        return (*self.documents, *(name for message in self.messages for name in message.documents))


class DemoSickLeave(_Row):
    """A row of the register of sick leaves. The days are counted from the one on which the request is entered."""

    number: int
    certificate: str
    worker: Niss
    employer: Niss
    first_day: int
    last_day: int

    def on(self, day: date) -> SickLeave:
        """The sick leave as seen on this day."""
        first, last = (day + timedelta(days=after) for after in (self.first_day, self.last_day))
        return SickLeave(self.number, self.certificate, self.worker, self.employer, first, last)


@cache
def load_accounts() -> tuple[DemoAccount, ...]:
    return tuple(map(DemoAccount.model_validate_json, _lines("accounts.jsonl")))


@cache
def load_requests() -> tuple[DemoRequest, ...]:
    return tuple(map(DemoRequest.model_validate_json, _lines("requests.jsonl")))


def independent_requests() -> tuple[DemoRequest, ...]:
    """Those that are about no other one: they can be filed in any order, and repeated."""
    return tuple(row for row in load_requests() if row.about is None)


@cache
def load_sick_leaves() -> tuple[DemoSickLeave, ...]:
    return tuple(map(DemoSickLeave.model_validate_json, _lines("sick_leaves.jsonl")))


def read_document(name: str) -> bytes:
    """The bytes of an attachment. Raises FileNotFoundError."""
    return (_HERE / "documents" / name).read_bytes()


def _lines(name: str) -> list[str]:
    return (_HERE / name).read_text(encoding="utf-8").split("\n")[:-1]
