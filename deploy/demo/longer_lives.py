"""The lives of requests that took more than one answer: their steps in a line, and how the date of the answer was counted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from deploy.demo.client import Dates, Entry, ExplainedDate
from deploy.verification.evidence import Page, Submission
from deploy.verification.history import History
from services.common.catalogue import catalogue
from services.common.contracts.handling import (
    DocumentsRequested,
    HearingOpened,
    RequestExtended,
    RequestForwarded,
    RequestReopened,
)
from services.common.contracts.lifecycle import LifecycleFact
from services.common.text.dates import IN_WORDS

LIVES: Final[Mapping[str, type[LifecycleFact]]] = {
    "documents asked": DocumentsRequested,
    "transferred": RequestForwarded,
    "extended": RequestExtended,
    "heard": HearingOpened,
    "came back": RequestReopened,
}
"""By name, the fact that makes a life one of its kind."""

_STEPS: Final[Mapping[str, Callable[[Entry], str | None]]] = {
    "request.documents-requested": lambda _: "documents asked",
    "request.message-added": lambda entry: (
        " and ".join(f"no. {each.item} delivered" for each in entry.items or ()) or None
    ),
    "request.documents-received": lambda _: "all received",
    "request.forwarded": lambda entry: f"transferred to {entry.department_name}",
    "request.extended": lambda _: "extended",
    "request.hearing-opened": lambda _: "told of an intended refusal",
    "request.hearing-closed": lambda _: "heard",
    "request.reopened": lambda _: "came back",
    "request.answered": lambda entry: entry.outcome or "answered",
    "request.rated": lambda entry: f"rated {entry.score}",
}
"""What a line says of an entry of the timeline."""

_NO_DAY: Final = {"holiday": ("holiday", "holidays"), "closed": ("closed day", "closed days")}


def examples(history: History, dates: Mapping[str, Dates]) -> Iterator[tuple[str, Submission]]:
    """One request of each life, and one with an explained date if there is one."""
    for name, kind in LIVES.items():
        of_kind = [each for each in history.acknowledged if history.about(each.request_id, kind)]
        if of_kind:
            yield name, max(of_kind, key=lambda each: (each.name in dates, len(each.acts)))


def show_longer_lives(
    console: Console, history: History, pages: Mapping[str, Page[Entry]], dates: Mapping[str, Dates]
) -> None:
    """Two lines and an explained date for each life."""
    for name, submission in examples(history, dates):
        reason = catalogue().reasons[submission.reason].en
        line = Text(f"{submission.name}  ", style="dim")
        line.append(name, style="bold").append(f" · {reason}")
        console.print(line, no_wrap=True, overflow="ellipsis")
        page: Page[Entry] = pages.get(submission.name, Page())
        console.print(Padding(" → ".join(steps(page.entries)), (0, 0, 0, 2)))
        deadline = dates[submission.name].deadline if submission.name in dates else None
        if deadline is not None:
            console.print(Padding(Text(f"Answer due {in_words(deadline)}", style="cyan"), (0, 0, 0, 2)))


def steps(entries: Sequence[Entry]) -> list[str]:
    facts = sorted((each for each in entries if each.seq is not None), key=lambda each: each.seq or 0)
    said = [_STEPS[fact.type](fact) for fact in facts if fact.type in _STEPS]
    return [step for step in said if step]


def in_words(deadline: ExplainedDate) -> str:
    """`by 22 June 2026: 10 working days, without 2 holidays (04/06, 10/06)`."""
    unit = "working days" if deadline.unit == "working_days" else "months" if deadline.length > 1 else "month"
    parts = [f"{deadline.length} {unit}"]
    if deadline.extension:
        parts.append(f"{deadline.extension} more by an extension")
    if deadline.dilation:
        parts.append(f"after {deadline.dilation} of dilation, because the author lives outside the mainland")
    for because, names in _NO_DAY.items():
        days = [each for each in deadline.days if each.because == because]
        if days:
            parts.append(
                f"without {len(days)} {names[len(days) > 1]} ({', '.join(f'{each.day:%d/%m}' for each in days)})"
            )
    suspended = sum(each.because == "suspended" for each in deadline.days)
    if suspended:
        parts.append(f"without {suspended} suspended")
    return f"by {IN_WORDS['en'](deadline.due_on)}: {', '.join(parts)}"
