"""The help of a subject together with what the catalogue says of it: reasons, terms, and documents."""

from collections.abc import Sequence
from typing import NamedTuple

from services.common.catalogue import Clock, Language, LifeEvent, Subject, catalogue
from services.common.catalogue.help_pages import HelpPage, help_pages


class ReasonHelp(NamedTuple):
    """A reason to file, what is usually needed for it (empty if nothing is), and the legal term of its answer."""

    name: str
    documents: str
    clock: Clock


class SubjectHelp(NamedTuple):
    subject: Subject
    event: LifeEvent
    name: str
    page: HelpPage
    reasons: Sequence[ReasonHelp]


def subjects_in_order() -> Sequence[str]:
    """The codes of all subjects, in the order of the catalogue."""
    return list(catalogue().subjects)


def help_of(code: str, language: Language) -> SubjectHelp:
    """Raises `KeyError` for a subject that the catalogue in force does not have."""
    current = catalogue()
    subject = current.subjects[code]
    event = next(each for each in current.life_events if subject in each.subjects)
    reasons = [_reason_help(each, language) for each in subject.reasons]
    return SubjectHelp(subject, event, subject.name(language), help_pages()[code, language], reasons)


def _reason_help(code: str, language: Language) -> ReasonHelp:
    current = catalogue()
    reason = current.reasons[code]
    usual = reason.usual_documents.name(language) if reason.usual_documents else ""
    return ReasonHelp(reason.name(language), usual, current.clock_of(code))
