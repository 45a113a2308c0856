"""One version of the catalogue: its entries and what they must refer to."""

from collections.abc import Collection, Iterator
from datetime import date
from functools import cached_property
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from services.common.contracts.intake import Who
from services.common.legal_clock import Clock

Language = Literal["pt", "en"]

Path = tuple[str | int, ...]
"""Where something stands in a file: the keys and indexes that lead to it."""


REQUIRED_CLOCKS: Final = ("INF10", "DOC10", "AUD10")
"""The terms that the life of a request needs, whatever it is about: an answer to its author who came back, asked documents, and a
hearing."""

MAX_VERSION: Final = 9_999

DepartmentCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
"""Part of the names of its topics."""

EntryCode = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{0,19}$")]

SCREENING: Final = "tri"
"""The department that gets what no rule assigns."""


class Fault(NamedTuple):
    """What is wrong, and where."""

    path: Path
    text: str


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Named(_Entry):
    """Something with a name in both languages."""

    pt: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def name(self, language: Language) -> str:
        return self.en if language == "en" else self.pt


class Department(Named):
    pass


class Reason(Named):
    """Why a person submits a request. It determines the legal term (`clock`, a key of `clocks`). `ongoing`: it asks about another
    request, and goes to the department that has that one. `restricted`: only its department and whoever files it may read it, no
    other person of the same company, and no mail says what it is about.
    """

    clock: str
    ongoing: bool = False
    restricted: bool = False
    usual_documents: Named | None = None


class Subject(Named):
    """What a request is about. `who` may use it: P persons, E companies, PE both. `automatic`: the reasons for which Postigo opens a
    request itself; nobody can choose them. `also`: other words by which people look for its help.
    """

    code: str = Field(pattern=r"^[A-Z]{3}-\d{2}$")
    who: Literal["P", "E", "PE"]
    department: str
    reasons: tuple[str, ...] = Field(min_length=1)
    automatic: tuple[str, ...] = ()
    also: Named | None = None
    note: str = ""

    def open_to(self, who: Who) -> bool:
        """Whether this kind of account may use the subject."""
        return who in self.who


class LifeEvent(Named):
    code: str = Field(pattern=r"^[A-Z]{3}$")
    entry: Literal["life_event", "complaint"]
    subjects: tuple[Subject, ...] = Field(min_length=1)


class Catalogue(_Entry):
    """One version. It is in force from `valid_from` to `valid_until`, or else until the next version is."""

    version: int = Field(ge=1, le=MAX_VERSION)
    valid_from: date
    valid_until: date | None = None
    clocks: dict[EntryCode, Clock]
    departments: dict[DepartmentCode, Department]
    reasons: dict[EntryCode, Reason]
    life_events: tuple[LifeEvent, ...]

    @cached_property
    def subjects(self) -> dict[str, Subject]:
        """All subjects by code."""
        return {subject.code: subject for event in self.life_events for subject in event.subjects}

    def subject(self, code: str) -> Subject | None:
        return self.subjects.get(code)

    def reason(self, code: str) -> Reason | None:
        return self.reasons.get(code)

    def life_event(self, code: str) -> LifeEvent | None:
        return next((each for each in self.life_events if each.code == code), None)

    def is_restricted(self, reason: str) -> bool:
        """Whether only the department and whoever files it may read a request with this reason."""
        entry = self.reasons.get(reason)
        return entry is not None and entry.restricted

    def valid_leaf(self, subject: str, reason: str) -> bool:
        """Whether the subject exists and has this reason."""
        entry = self.subjects.get(subject)
        return entry is not None and reason in (*entry.reasons, *entry.automatic)

    def reasons_of(self, subject: str) -> Collection[str]:
        """The reasons that people can choose for the subject; all reasons for an unknown one."""
        entry = self.subjects.get(subject)
        return self.reasons if entry is None else entry.reasons

    def is_automatic(self, subject: str, reason: str) -> bool:
        """Whether Postigo itself opened a request with this subject and reason."""
        entry = self.subjects.get(subject)
        return entry is not None and reason in entry.automatic

    def department_of(self, subject: str) -> str | None:
        """The code of the department that handles the subject; None if the subject is unknown."""
        entry = self.subjects.get(subject)
        return None if entry is None else entry.department

    def clock_of(self, reason: str) -> Clock:
        """The legal term of a reason. Raises `KeyError` if the reason is unknown."""
        return self.clocks[self.reasons[reason].clock]

    def faults(self) -> Iterator[Fault]:
        """The codes that appear twice, and those that do not exist."""
        if self.valid_until is not None and self.valid_until < self.valid_from:
            yield Fault(("valid_until",), f"it ends before it begins, on {self.valid_from}")
        for code in REQUIRED_CLOCKS:
            if code not in self.clocks:
                yield Fault(("clocks",), f"the clock {code} is missing: every request needs it")
        if SCREENING not in self.departments:
            yield Fault(("departments",), f"the department {SCREENING} is missing: it gets what no other one does")
        for code, reason in self.reasons.items():
            if reason.clock not in self.clocks:
                yield Fault(("reasons", code, "clock"), f"reason {code}: there is no clock {reason.clock}")
        found: set[str] = set()
        for number, event in enumerate(self.life_events):
            if event.code in found:
                yield Fault(("life_events", number, "code"), f"the code {event.code} appears twice")
            found.add(event.code)
            for index, subject in enumerate(event.subjects):
                path: Path = ("life_events", number, "subjects", index)
                if subject.code in found:
                    yield Fault((*path, "code"), f"the code {subject.code} appears twice")
                found.add(subject.code)
                yield from self._faults_of(subject, path)

    def _faults_of(self, subject: Subject, path: Path) -> Iterator[Fault]:
        if subject.department not in self.departments:
            text = f"subject {subject.code}: there is no department {subject.department}"
            yield Fault((*path, "department"), text)
        found: set[str] = set()
        for key in ("reasons", "automatic"):
            for index, reason in enumerate(getattr(subject, key)):
                if reason not in self.reasons:
                    yield Fault((*path, key, index), f"subject {subject.code}: there is no reason {reason}")
                elif reason in found:
                    yield Fault((*path, key, index), f"subject {subject.code}: the reason {reason} appears twice")
                found.add(reason)
