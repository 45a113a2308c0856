"""The exchange with the departments: everything arrives, and repetitions change nothing."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from deploy.verification.evidence import Record, short
from deploy.verification.expectations import HARMLESS
from deploy.verification.history import History, repeated
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts import topics
from services.common.contracts.assignments import AssignmentFact, AssignmentMade, CommandFact
from services.common.contracts.commands import Command
from services.common.contracts.departments import Assignment, AssignmentCreated, CommandRejected, CommandUnreadable
from services.common.contracts.handling import RequestForwarded
from services.common.contracts.lifecycle import ActRefused
from services.common.domain.position import Position


@clause(Harm.LOST)
def every_request_goes_to_its_own_departments(history: History) -> Iterator[Violation]:
    """To that of its subject first, then to those it is transferred to, and to no other: neither to its inbox topic, nor with
    its code in the event.
    """
    for key, submission in history.by_request.items():
        own = {submission.department, *(event.department for event in history.events(key, RequestForwarded))}
        went_to = {event.department for event in history.events(key, AssignmentMade)}
        for record in history.about(key, Assignment):
            assert isinstance(record.event, Assignment)
            went_to |= {record.event.department, record.topic.split(".")[1]}
        if went_to != own or not history.about(key, AssignmentCreated):
            given = ", ".join(sorted(went_to)) or "no department"
            yield Violation(f"{submission.name}: is for {', '.join(sorted(own))}, went to {given}", key)


@clause(Harm.DOUBLED)
def every_request_is_assigned_once(history: History) -> Iterator[Violation]:
    """By a rule. What moves it afterwards are departments."""
    for key, submission in history.by_request.items():
        if (times := len(history.about(key, AssignmentMade))) > 1:
            yield Violation(f"{submission.name}: {short(AssignmentMade)} {times} times", key)


@clause(Harm.LOST)
def every_epoch_reaches_its_department(history: History) -> Iterator[Violation]:
    """Every assignment that routing published is in the inbox topic of its department."""
    for key, submission in history.by_request.items():
        delivered = set()
        for record in history.about(key, Assignment):
            assert isinstance(record.event, Assignment)
            delivered.add((record.topic, record.event.assignment_id, record.event.epoch))
        for event in history.events(key, AssignmentFact):
            if (topics.inbox(event.department), event.assignment_id, event.epoch) not in delivered:
                yield Violation(f"{submission.name}: epoch {event.epoch} never reached {event.department}", key)


@clause(Harm.LOST)
def every_command_is_answered(history: History) -> Iterator[Violation]:
    """Visibly to the department, whatever it sent: an inbox event names the command, or a rejection its id or position."""
    applied = {
        (record.key, record.event.because)
        for record in history.every(Assignment)
        if isinstance(record.event, Assignment)
    }
    rejected, answered = _rejections(history), _answered_positions(history)
    for record in history.records:
        if topics.family(record.topic) not in Command.FAMILIES or record.position in answered:
            continue
        readable = record.received is not None and record.position not in history.poisoned
        if not readable or ((record.key, record.id) not in applied and record.id not in rejected):
            yield Violation(f"{_named(history, record)} was never answered", record.key)


@clause(Harm.DOUBLED)
def a_repeated_command_changes_nothing(history: History) -> Iterator[Violation]:
    """However often a department sends it: it is forwarded once, changes the request once, and is not rejected too."""
    rejections = _rejections(history)
    for command in _commands(history):
        name, forwarded = _named(history, command), _forwarded(history, command)
        if len(forwarded) > 1 or rejections[command.id] > 1:
            what = f"{name} was forwarded {len(forwarded)} and rejected {rejections[command.id]} times"
            yield Violation(what, command.key)
        effects = [type(effect.event) for fact in forwarded for effect in history.caused.get(fact.id, ())]
        if repeated(effects) or (ActRefused in effects and len(effects) > 1):
            yield Violation(f"{name} changed the request {len(effects)} times", command.key)
        if effects and ActRefused not in effects and rejections[command.id]:
            yield Violation(f"{name} was applied and rejected", command.key)


@clause(Harm.OTHER)
def commands_are_rejected_for_harmless_reasons_only(history: History) -> Iterator[Violation]:
    """The reference department sends no command that is wrong in another way."""
    for key, submission in history.by_request.items():
        for event in history.events(key, CommandRejected):
            if event.code not in HARMLESS:
                yield Violation(f"{submission.name}: a command of its department was rejected as {event.code}", key)


def _commands(history: History) -> Iterator[Record]:
    return (record for record in history.every(Command) if record.key in history.by_request)


def _answered_positions(history: History) -> frozenset[Position]:
    """The positions of all records that were rejected."""
    answers = [record.event for record in history.every(CommandRejected, CommandUnreadable)]
    return frozenset(
        Position(event.command_topic, event.command_partition, event.command_offset)
        for event in answers
        if isinstance(event, CommandRejected | CommandUnreadable)
    )


def _rejections(history: History) -> Counter[str]:
    """How often each command was rejected."""
    rejected: Counter[str] = Counter()
    for record in history.every(CommandRejected):
        assert isinstance(record.event, CommandRejected)
        rejected[record.event.command_id] += 1
    return rejected


def _forwarded(history: History, command: Record) -> list[Record]:
    """The facts that routing published because of a command."""
    return [each for each in history.caused.get(command.id, ()) if isinstance(each.event, CommandFact)]


def _named(history: History, command: Record) -> str:
    return f"{history.name(command.key)}: {command.type.removeprefix('pt.postigo.').removesuffix('.v1')}"


CLAUSES: Final[tuple[Clause, ...]] = (
    every_request_goes_to_its_own_departments,
    every_request_is_assigned_once,
    every_epoch_reaches_its_department,
    every_command_is_answered,
    a_repeated_command_changes_nothing,
    commands_are_rejected_for_harmless_reasons_only,
)
