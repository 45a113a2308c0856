"""The catalogue: subjects, reasons, departments and legal terms. Data in `catalogue.yaml`, loaded once.

A request keeps the version of the catalogue that was valid when it was submitted.
"""

from datetime import date
from functools import cache, cached_property
from importlib import resources
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.common.contracts.intake import Who
from services.common.legal_clock import Clock

Language = Literal["pt", "en"]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Named(_Entry):
    """Something with a name in both languages."""

    pt: str
    en: str

    def name(self, language: Language) -> str:
        return self.en if language == "en" else self.pt


class Department(Named):
    pass


class Reason(Named):
    """Why a person submits a request. It determines the legal term (`clock`, a key of `clocks`)."""

    clock: str
    usual_documents: Named | None = None


class Subject(Named):
    """What a request is about. `who` may use it: P persons, E companies, PE both."""

    code: str
    who: Literal["P", "E", "PE"]
    department: str
    reasons: tuple[str, ...] = Field(min_length=1)
    note: str = ""

    def open_to(self, who: Who) -> bool:
        """Whether this kind of account may use the subject."""
        return who in self.who


class LifeEvent(Named):
    code: str
    entry: Literal["life_event", "complaint"]
    subjects: tuple[Subject, ...]


class Catalogue(_Entry):
    """One version of the catalogue. Loading validates that every code it references exists."""

    version: int
    valid_from: date
    clocks: dict[str, Clock]
    departments: dict[str, Department]
    reasons: dict[str, Reason]
    life_events: tuple[LifeEvent, ...]

    @cached_property
    def subjects(self) -> dict[str, Subject]:
        """All subjects by code."""
        return {subject.code: subject for event in self.life_events for subject in event.subjects}

    def subject(self, code: str) -> Subject | None:
        return self.subjects.get(code)

    def reason(self, code: str) -> Reason | None:
        return self.reasons.get(code)

    def valid_leaf(self, subject: str, reason: str) -> bool:
        """Whether the subject exists and has this reason."""
        entry = self.subjects.get(subject)
        return entry is not None and reason in entry.reasons

    def department_of(self, subject: str) -> str | None:
        """The code of the department that handles the subject; None if the subject is unknown."""
        entry = self.subjects.get(subject)
        return None if entry is None else entry.department

    def clock_of(self, reason: str) -> Clock:
        """The legal term of a reason. Raises `KeyError` if the reason is unknown."""
        return self.clocks[self.reasons[reason].clock]

    @model_validator(mode="after")
    def _validate_references(self) -> Self:
        if len(self.subjects) != sum(len(event.subjects) for event in self.life_events):
            raise ValueError("a subject code appears twice")
        for code, reason in self.reasons.items():
            if reason.clock not in self.clocks:
                raise ValueError(f"reason {code}: unknown clock {reason.clock}")
        for subject in self.subjects.values():
            unknown = set(subject.reasons) - set(self.reasons)
            if unknown or subject.department not in self.departments:
                raise ValueError(f"subject {subject.code}: unknown reason or department")
        return self


def parse(text: str) -> Catalogue:
    """The catalogue in `text` (YAML). Raises `ValueError`."""
    return Catalogue.model_validate(yaml.safe_load(text))


@cache
def catalogue() -> Catalogue:
    """The catalogue in force."""
    return parse((resources.files(__name__) / "catalogue.yaml").read_text(encoding="utf-8"))


__all__ = [
    "Catalogue",
    "Clock",
    "Department",
    "Language",
    "LifeEvent",
    "Named",
    "Reason",
    "Subject",
    "catalogue",
    "parse",
]
