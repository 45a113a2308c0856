"""What the author of a request must do and by when, in one plain sentence. Pure."""

from datetime import date
from typing import Final

from gateway.requests.status import Status
from gateway.requests.view import TimelineFact
from services.common.catalogue import Language
from services.common.contracts.asked import ItemState
from services.common.contracts.lifecycle import State
from services.common.http.languages import Words
from services.common.text.dates import IN_WORDS

NOTHING: Final = Words("Não precisa de fazer nada.", "There is nothing you must do.")
ANSWER_BY: Final = Words(
    "Não precisa de fazer nada: deve receber resposta até {due_on}.",
    "There is nothing you must do: you should have an answer by {due_on}.",
)
OVERDUE: Final = Words(
    "Não precisa de fazer nada: o prazo da resposta terminou a {due_on}, e o pedido continua a ser tratado.",
    "There is nothing you must do: the answer was due by {due_on}, and the request is still being handled.",
)
DELIVER: Final = Words(
    "Faltam documentos que lhe pediram: entregue-os até {until}.",
    "Documents that were asked of you are missing: deliver them by {until}.",
)
CHECKING: Final = Words(
    "Não precisa de fazer nada: estamos a verificar os documentos que entregou.",
    "There is nothing you must do: the documents that you delivered are being checked.",
)
HEARING: Final = Words(
    "O departamento tenciona indeferir o pedido. Se não concorda, responda até {until}, numa só mensagem: ela encerra a audiência.",
    "The department intends to refuse the request. If you disagree, answer by {until}, in one message: it ends the hearing.",
)
COME_BACK: Final = Words(
    "Se a resposta não for suficiente, escreva uma mensagem até {until}. Se for, não precisa de fazer nada.",
    "If the answer is not enough, write a message by {until}. If it is, there is nothing you must do.",
)
APPEAL: Final = Words(
    "Se não concorda com a decisão, pode contestá-la até {appeal}. Se concorda, não precisa de fazer nada.",
    "If you disagree with the decision, you can contest it by {appeal}. If you agree, there is nothing you must do.",
)
COME_BACK_OR_APPEAL: Final = Words(
    "Se não concorda com a decisão, escreva uma mensagem até {until} ou conteste-a até {appeal}. Se concorda, não precisa "
    "de fazer nada.",
    "If you disagree with the decision, write a message by {until} or contest it by {appeal}. If you agree, there is nothing "
    "you must do.",
)
FILE_ANOTHER: Final = Words(
    "Se ainda precisa de resposta, faça um novo pedido e explique melhor o que pretende.",
    "If you still need an answer, file a new request and explain better what you want.",
)


def next_step(status: Status, today: date, language: Language) -> str:
    """The sentence. Dates before `today` are not offered any more."""
    words, dates = _step(status, today)
    in_words = {name: IN_WORDS[language](day) for name, day in dates.items() if day is not None}
    return words.in_(language).format(**in_words)


def _step(status: Status, today: date) -> tuple[Words, dict[str, date | None]]:
    if status.delivery is not None:
        missing = any(item.state is ItemState.OPEN for item in status.asked)
        return (DELIVER if missing else CHECKING), {"until": status.delivery.until}
    if status.hearing is not None:
        return HEARING, {"until": status.hearing.until}
    if status.answer is not None:
        return _after_answer(status.answer, today)
    if status.state is State.REJECTED:
        return FILE_ANOTHER, {}
    if status.state in (State.REGISTERED, State.IN_ANALYSIS) and status.due_on is not None:
        return (OVERDUE if status.overdue else ANSWER_BY), {"due_on": status.due_on}
    return NOTHING, {}


def _after_answer(answer: TimelineFact, today: date) -> tuple[Words, dict[str, date | None]]:
    until = _not_past(answer.until, today)
    appeal = _not_past(answer.appeal.until if answer.appeal else None, today)
    if until and appeal:
        return COME_BACK_OR_APPEAL, {"until": until, "appeal": appeal}
    if appeal:
        return APPEAL, {"appeal": appeal}
    return (COME_BACK, {"until": until}) if until else (NOTHING, {})


def _not_past(day: date | None, today: date) -> date | None:
    return day if day is not None and day >= today else None
