"""What two versions of the catalogue do differently. Pure."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from pydantic import BaseModel

from services.common.catalogue.models import Catalogue, LifeEvent, Named

Change = Literal["added", "removed", "changed"]


class Difference(NamedTuple):
    """`kind` and `code` say of what; `text` what it is, or what it was and is."""

    change: Change
    kind: str
    code: str
    text: str


def differences(before: Catalogue, after: Catalogue) -> list[Difference]:
    """In the order of the file: terms, departments, reasons, life events, subjects."""
    return [
        *_of_entries("clock", before.clocks, after.clocks),
        *_of_entries("department", before.departments, after.departments),
        *_of_entries("reason", before.reasons, after.reasons),
        *_of_entries("life event", _events(before), _events(after)),
        *_of_entries("subject", before.subjects, after.subjects),
        *_moved(before, after),
    ]


def _events(catalogue: Catalogue) -> Mapping[str, LifeEvent]:
    return {each.code: each for each in catalogue.life_events}


def _of_entries(kind: str, before: Mapping[str, BaseModel], after: Mapping[str, BaseModel]) -> Iterator[Difference]:
    for code, entry in after.items():
        if code not in before:
            yield Difference("added", kind, code, _text(entry))
        else:
            yield from _of_fields(kind, code, before[code], entry)
    for code, entry in before.items():
        if code not in after:
            yield Difference("removed", kind, code, _text(entry))


def _of_fields(kind: str, code: str, before: BaseModel, after: BaseModel) -> Iterator[Difference]:
    # The subjects of a life event have lines of their own.
    for field in (each for each in type(after).model_fields if each != "subjects"):
        old, new = getattr(before, field), getattr(after, field)
        if isinstance(new, tuple) and isinstance(old, tuple):
            yield from _of_codes(kind, code, field, old, new)
        elif old != new:
            yield Difference("changed", kind, code, f"{field}: {_text(old)} → {_text(new)}")


def _of_codes(kind: str, code: str, field: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Difference]:
    gone, more = [each for each in old if each not in new], [each for each in new if each not in old]
    if gone or more:
        signs = [*(f"−{each}" for each in gone), *(f"+{each}" for each in more)]
        yield Difference("changed", kind, code, f"{field}: {' '.join(signs)}")


def _moved(before: Catalogue, after: Catalogue) -> Iterator[Difference]:
    places = {subject.code: event.code for event in before.life_events for subject in event.subjects}
    for event in after.life_events:
        for subject in event.subjects:
            if (place := places.get(subject.code, event.code)) != event.code:
                yield Difference("changed", "subject", subject.code, f"life event: {place} → {event.code}")


def _text(entry: object) -> str:
    if isinstance(entry, Named):
        return f"{entry.pt} / {entry.en}"
    if isinstance(entry, BaseModel):
        return ", ".join(f"{name}={value}" for name, value in entry.model_dump(exclude_none=True).items())
    return "none" if entry is None else str(entry)
