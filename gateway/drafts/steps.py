"""The steps of filing a request on the pages, and what can be chosen in each. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from gateway.drafts.content import DraftContent
from gateway.requests.answers import questions_of
from services.common.catalogue import Catalogue, Language, catalogue
from services.common.contracts.intake import Who
from services.common.http.languages import Words

NEW: Final = "/novo"
"""The address of the first step; those of a draft begin with it."""


class Step(StrEnum):
    """The value is the last part of the page's address."""

    DESCRIPTION = "descricao"
    LIFE_EVENT = "evento"
    SUBJECT = "assunto"
    REASON = "motivo"
    LINKED = "processo"
    QUESTIONS = "perguntas"
    FILES = "ficheiros"
    CHECK = "verificar"


TITLES: Final[Mapping[Step, Words]] = {
    Step.DESCRIPTION: Words("De que precisa", "What you need"),
    Step.LIFE_EVENT: Words("Área", "Area"),
    Step.SUBJECT: Words("Assunto", "Subject"),
    Step.REASON: Words("Motivo", "Reason"),
    Step.LINKED: Words("Processo", "Ongoing request"),
    Step.QUESTIONS: Words("Perguntas", "Questions"),
    Step.FILES: Words("Documentos", "Documents"),
    Step.CHECK: Words("Verificar e enviar", "Check and send"),
}


MISSING: Final[Mapping[Step, Words]] = {
    Step.DESCRIPTION: Words("Escreva de que precisa.", "Write what you need."),
    Step.LIFE_EVENT: Words("Escolha uma área da lista.", "Choose an area from the list."),
    Step.SUBJECT: Words("Escolha um assunto da lista.", "Choose a subject from the list."),
    Step.REASON: Words("Escolha um motivo da lista.", "Choose a reason from the list."),
    Step.LINKED: Words("Escolha um pedido, ou «Nenhum destes».", "Choose a request, or “None of these”."),
}
"""What to say to an empty answer."""


class Option(NamedTuple):
    """What can be chosen: a code, its name, and a sentence about it."""

    code: str
    name: str
    about: str = ""


def steps_of(content: DraftContent) -> Sequence[Step]:
    """The steps of this draft: only some reasons ask questions, or are about an ongoing request."""
    reason = catalogue().reason(content.reason or "")
    left_out = set()
    if reason is None or not reason.ongoing:
        left_out.add(Step.LINKED)
    if questions_of(content.subject, content.reason) is None:
        left_out.add(Step.QUESTIONS)
    return [step for step in Step if step not in left_out]


def step_after(content: DraftContent, step: Step) -> Step:
    found = steps_of(content)
    return found[min(found.index(step) + 1, len(found) - 1)]


def step_before(content: DraftContent, step: Step) -> Step | None:
    found = steps_of(content)
    number = found.index(step)
    return found[number - 1] if number else None


def first_missing(content: DraftContent, today: date) -> Step | None:
    """The first step that still needs an answer, or whose answer the catalogue does not have any more; None if the request can be
    sent.
    """
    asked = questions_of(content.subject, content.reason)
    event = catalogue().life_event(content.life_event or "")
    subject = next((each for each in event.subjects if each.code == content.subject), None) if event else None
    answers = {
        Step.DESCRIPTION: content.description.strip(),
        Step.LIFE_EVENT: event,
        Step.SUBJECT: subject,
        Step.REASON: subject is not None and content.reason in subject.reasons,
        Step.QUESTIONS: asked is None or not asked.wrong(content.answers, today),
    }
    return next((step for step, answer in answers.items() if not answer), None)


def life_events(current: Catalogue, who: Who, language: Language) -> list[Option]:
    """Those with a subject that is open to this kind of account, each with the names of its first subjects."""
    options = []
    for event in current.life_events:
        subjects = [each.name(language) for each in event.subjects if each.open_to(who)]
        if subjects:
            more = "…" if len(subjects) > 3 else ""
            options.append(Option(event.code, event.name(language), "; ".join(subjects[:3]) + more))
    return options


def subjects(current: Catalogue, life_event: str | None, who: Who, language: Language) -> list[Option]:
    return [
        Option(subject.code, subject.name(language))
        for event in current.life_events
        if event.code == life_event
        for subject in event.subjects
        if subject.open_to(who)
    ]


def reasons(current: Catalogue, subject: str | None, language: Language) -> list[Option]:
    found = current.subject(subject or "")
    return [Option(code, current.reasons[code].name(language)) for code in (found.reasons if found else ())]


def usual_documents(current: Catalogue, reason: str | None, language: Language) -> str:
    """What is usually needed, in words; empty if nothing is."""
    found = current.reason(reason or "")
    return found.usual_documents.name(language) if found and found.usual_documents else ""
