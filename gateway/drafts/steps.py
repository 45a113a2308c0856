"""The steps of filing a request on the pages, and what can be chosen in each. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from gateway.drafts.content import DraftContent
from gateway.requests.answers import questions_of
from services.common.catalogue import Catalogue, Language
from services.common.contracts.intake import Who
from services.common.http.languages import Words


class Step(StrEnum):
    """The value is the last part of the page's address."""

    DESCRIPTION = "descricao"
    LIFE_EVENT = "evento"
    SUBJECT = "assunto"
    REASON = "motivo"
    QUESTIONS = "perguntas"
    FILES = "ficheiros"
    CHECK = "verificar"


TITLES: Final[Mapping[Step, Words]] = {
    Step.DESCRIPTION: Words("De que precisa", "What you need"),
    Step.LIFE_EVENT: Words("Área", "Area"),
    Step.SUBJECT: Words("Assunto", "Subject"),
    Step.REASON: Words("Motivo", "Reason"),
    Step.QUESTIONS: Words("Perguntas", "Questions"),
    Step.FILES: Words("Documentos", "Documents"),
    Step.CHECK: Words("Verificar e enviar", "Check and send"),
}


class Option(NamedTuple):
    """What can be chosen: a code, its name, and a sentence about it."""

    code: str
    name: str
    about: str = ""


def steps_of(content: DraftContent) -> Sequence[Step]:
    """The steps of this draft: there are questions only for some reasons."""
    return [step for step in Step if step is not Step.QUESTIONS or questions_of(content.subject, content.reason)]


def step_after(content: DraftContent, step: Step) -> Step:
    found = steps_of(content)
    return found[min(found.index(step) + 1, len(found) - 1)]


def step_before(content: DraftContent, step: Step) -> Step | None:
    found = steps_of(content)
    number = found.index(step)
    return found[number - 1] if number else None


def first_missing(content: DraftContent, today: date) -> Step | None:
    """The first step that still needs an answer; None if the request can be sent."""
    asked = questions_of(content.subject, content.reason)
    answers = {
        Step.DESCRIPTION: content.description.strip(),
        Step.LIFE_EVENT: content.life_event,
        Step.SUBJECT: content.subject,
        Step.REASON: content.reason,
        Step.QUESTIONS: asked is None or not asked.wrong(content.answers, today),
    }
    return next((step for step, answer in answers.items() if not answer), None)


def life_events(catalogue: Catalogue, who: Who, language: Language) -> list[Option]:
    """Those with a subject that is open to this kind of account, each with the names of its first subjects."""
    options = []
    for event in catalogue.life_events:
        subjects = [each.name(language) for each in event.subjects if each.open_to(who)]
        if subjects:
            more = "…" if len(subjects) > 3 else ""
            options.append(Option(event.code, event.name(language), "; ".join(subjects[:3]) + more))
    return options


def subjects(catalogue: Catalogue, life_event: str | None, who: Who, language: Language) -> list[Option]:
    return [
        Option(subject.code, subject.name(language))
        for event in catalogue.life_events
        if event.code == life_event
        for subject in event.subjects
        if subject.open_to(who)
    ]


def reasons(catalogue: Catalogue, subject: str | None, language: Language) -> list[Option]:
    found = catalogue.subject(subject or "")
    return [Option(code, catalogue.reasons[code].name(language)) for code in (found.reasons if found else ())]


def usual_documents(catalogue: Catalogue, reason: str | None, language: Language) -> str:
    """What is usually needed, in words; empty if nothing is."""
    found = catalogue.reason(reason or "")
    return found.usual_documents.name(language) if found and found.usual_documents else ""
