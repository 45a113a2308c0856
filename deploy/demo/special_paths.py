"""The requests that took a path of their own, a line each: what was special about them, as the history has it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from rich.console import Console
from rich.text import Text

from deploy.verification.clauses import special
from deploy.verification.evidence import Submission
from deploy.verification.history import History
from services.common.contracts.decisions import Outcome
from services.common.contracts.departments import Assignment
from services.common.contracts.lifecycle import RequestRegistered
from services.common.text.dates import IN_WORDS

Special = Callable[[History, Submission], str | None]
"""What was special about a request; None if nothing was."""


def show_special_paths(console: Console, history: History) -> None:
    for name, submission, words in special_paths(history):
        show_special_path(console, submission.name, name, words)


def show_special_path(console: Console, reference: str, name: str, words: str) -> None:
    line = Text(f"{reference}  ", style="dim")
    line.append(name, style="bold not dim").append(f" · {words}", style="not dim")
    console.print(line, no_wrap=True, overflow="ellipsis")


def special_paths(history: History) -> Iterator[tuple[str, Submission, str]]:
    """For each kind, its name, the first request that is one, and what was special about it."""
    for name, kind in KINDS.items():
        found = ((each, kind(history, each)) for each in history.acknowledged)
        yield from [(name, each, words) for each, words in found if words][:1]


def _readers(history: History, submission: Submission) -> str:
    """The departments that read the request in their inboxes."""
    records = history.about(submission.request_id, Assignment)
    return " and ".join(sorted({record.topic.split(".")[1] for record in records}))


def _of_complaints(reason: str) -> Special:
    def words(history: History, submission: Submission) -> str | None:
        facts = history.events(submission.request_id, RequestRegistered)
        if submission.reason != reason or not facts:
            return None
        due_on = IN_WORDS["en"](facts[0].due_on)
        return f"{_readers(history, submission)} reads it, answer due by {due_on}"

    return words


def _report(history: History, submission: Submission) -> str | None:
    if submission not in list(special.restricted(history)):
        return None
    mails = sum(mail.reference == submission.reference for mail in history.mails)
    telling = len(special.mails_with_words(history, submission))
    return f"author and {_readers(history, submission)} alone read it, words in {telling} of {mails} mails"


def _question(history: History, submission: Submission) -> str | None:
    for event in history.events(submission.request_id, RequestRegistered):
        if event.linked is not None:
            return f"went to {_readers(history, submission)}, which has {event.linked.reference}"
    return None


def _sick_leave(outcome: Outcome) -> Special:
    def words(history: History, submission: Submission) -> str | None:
        if submission not in special.sick_leaves(history) or special.outcome_of(history, submission) is not outcome:
            return None
        told = special.notices(history, submission)
        days = ", ".join(f"{each.returns_on:%d/%m}" for each in told)
        return f"{outcome}, {len(told)} employer told: back on {days}" if told else f"{outcome}, no employer told"

    return words


KINDS: Final[Mapping[str, Special]] = {
    "complaint": _of_complaints("RCL"),
    "suggestion": _of_complaints("SUG"),
    "praise": _of_complaints("ELO"),
    "report": _report,
    "question": _question,
    "sick leave": _sick_leave(Outcome.GRANTED),
    "sick leave that had ended": _sick_leave(Outcome.REFUSED),
}
