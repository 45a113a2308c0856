"""What the department of sickness decides about the early end of a sick leave. Pure: the register and the person are given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from services.common.text import characters
from services.common.text.dates import IN_WORDS

APPEAL_DAYS: Final = 90
MEANS: Final = "Reclamação para o departamento ou ação no tribunal."

UNKNOWN: Final = (
    "Não encontrámos nenhuma baixa sua com estes dados. Confirme o número no certificado e peça de novo, ou fale com o seu médico.",
    "O registo de baixas não tem nenhuma baixa sua com os dados que indicou.",
)
"""The same words whether there is no such sick leave, or it is somebody else's: nobody learns of the leaves of others."""


@dataclass(frozen=True, slots=True)
class SickLeave:
    """A row of the register: both days are days of sick leave. `worker` and `employer` are numbers of social security."""

    number: int
    certificate: str
    worker: str
    employer: str
    first_day: date
    last_day: date

    def ends_before(self, return_on: date) -> bool:
        """Whether a return on this day ends the leave, and does so early."""
        return self.first_day < return_on <= self.last_day


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks for. `worker` is None for a person whom nobody knows any more; `certificate` is as it was typed."""

    worker: str | None
    return_on: date
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """`said`: the data of the command `resolve`. `ended`: the leave that ends, if it does."""

    said: dict[str, Any]
    ended: SickLeave | None = None


def decide(register: Sequence[SickLeave], asked: Asked, today: date) -> Decision:
    """Grant the early end of the person's own leave; refuse it with the reason if there is nothing to end."""
    own = list(_own(register, asked))
    ending = [each for each in own if each.ends_before(asked.return_on)]
    if ending:
        return Decision(_granted(ending[0], asked.return_on), ending[0])
    return Decision(_refused(max(own, key=lambda each: each.last_day, default=None), asked.return_on, today))


def _own(register: Sequence[SickLeave], asked: Asked) -> Iterator[SickLeave]:
    """The person's leaves; with a number, only the one that has it."""
    number = _plain(asked.certificate)
    return (each for each in register if each.worker == asked.worker and number in ("", _plain(each.certificate)))


def _plain(certificate: str) -> str:
    """The number without what people add or leave out: blanks, dashes and capital letters."""
    return characters.identifier(certificate).upper()


def _granted(leave: SickLeave, return_on: date) -> dict[str, Any]:
    last, returns = (IN_WORDS["pt"](day) for day in (return_on - timedelta(days=1), return_on))
    return {
        "text": f"A sua baixa termina a {last} e volta ao trabalho a {returns}. Avisamos nós a sua entidade empregadora.",
        "outcome": "granted",
        "grounds": f"A baixa ia até {IN_WORDS['pt'](leave.last_day)}, e pode terminá-la antes desse dia.",
    }


def _refused(leave: SickLeave | None, return_on: date, today: date) -> dict[str, Any]:
    text, grounds = UNKNOWN if leave is None else _nothing_to_end(leave, return_on)
    until = today + timedelta(days=APPEAL_DAYS)
    appeal = {"means": MEANS, "until": until.isoformat()}
    return {"text": text, "outcome": "refused", "grounds": grounds, "appeal": appeal}


def _nothing_to_end(leave: SickLeave, return_on: date) -> tuple[str, str]:
    """Text and grounds for a leave that has ended before the return, or begins only then."""
    returns, first, last = (IN_WORDS["pt"](day) for day in (return_on, leave.first_day, leave.last_day))
    if return_on > leave.last_day:
        text = f"A sua baixa acabou a {last}, antes do dia {returns} em que diz que volta: não há nada para terminar mais cedo."
        return text, "Só uma baixa que ainda dura pode terminar mais cedo."
    text = f"A sua baixa só começa a {first}: não pode terminar por voltar ao trabalho a {returns}."
    return text, "Só uma baixa que já começou pode terminar mais cedo."
