"""What passes between us and the departments: nothing fails to arrive, and saying it twice changes nothing."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from deploy.verification.evidence import Record, short
from deploy.verification.expectations import HARMLESS
from deploy.verification.history import History, repeated
from deploy.verification.verdicts import Clause, Harm, Violation, clause
from services.common.contracts import topics
from services.common.contracts.assignments import AssignmentFact, AssignmentMade, CommandFact
from services.common.contracts.departments import (
    Acknowledge,
    Assignment,
    AssignmentCreated,
    Command,
    CommandRejected,
)
from services.common.contracts.lifecycle import ActRefused


@clause(Harm.LOST)
def every_request_goes_to_its_own_department(history: History) -> Iterator[Violation]:
    """And to no other: neither to another inbox, nor in another's name."""
    for key, submission in history.by_request.items():
        went_to = {event.department for event in history.events(key, AssignmentMade)}
        for record in history.about(key, Assignment):
            assert isinstance(record.event, Assignment)
            went_to |= {record.event.department, record.topic.split(".")[1]}
        if went_to != {submission.department} or not history.about(key, AssignmentCreated):
            given = ", ".join(sorted(went_to)) or "nobody"
            yield Violation(f"{submission.name}: is for {submission.department}, went to {given}", key)


@clause(Harm.DOUBLED)
def every_request_is_assigned_once(history: History) -> Iterator[Violation]:
    for key, submission in history.by_request.items():
        for kind in (AssignmentMade, AssignmentCreated):
            if (times := len(history.about(key, kind))) > 1:
                yield Violation(f"{submission.name}: {short(kind)} {times} times", key)


@clause(Harm.LOST)
def every_epoch_reaches_its_department(history: History) -> Iterator[Violation]:
    """What routing says it assigned lies in that department's inbox."""
    for key, submission in history.by_request.items():
        there = set()
        for record in history.about(key, Assignment):
            assert isinstance(record.event, Assignment)
            there.add((record.topic, record.event.assignment_id, record.event.epoch))
        for event in history.events(key, AssignmentFact):
            if (topics.inbox(event.department), event.assignment_id, event.epoch) not in there:
                yield Violation(f"{submission.name}: epoch {event.epoch} never reached {event.department}", key)


@clause(Harm.LOST)
def every_command_is_answered(history: History) -> Iterator[Violation]:
    """A command is passed on or rejected; what is passed on moves the request, or is rejected after all.

    To acknowledge what is in analysis already moves nothing.
    """
    rejected = _rejections(history)
    for command in _commands(history):
        passed = _passed(history, command)
        if not passed and command.id not in rejected:
            yield Violation(f"{_named(history, command)} was never passed on", command.key)
        for fact in passed:
            if not history.caused.get(fact.id) and not isinstance(command.event, Acknowledge):
                yield Violation(f"{_named(history, command)} came to nothing", command.key)


@clause(Harm.DOUBLED)
def a_command_said_twice_changes_nothing(history: History) -> Iterator[Violation]:
    """However often a department says it: it is passed on once, moves the request once, and is not refused as well."""
    rejections = _rejections(history)
    for command in _commands(history):
        name, passed = _named(history, command), _passed(history, command)
        if len(passed) > 1 or rejections[command.id] > 1:
            what = f"{name} was passed on {len(passed)} and rejected {rejections[command.id]} times"
            yield Violation(what, command.key)
        effects = [type(effect.event) for fact in passed for effect in history.caused.get(fact.id, ())]
        if repeated(effects) or (ActRefused in effects and len(effects) > 1):
            yield Violation(f"{name} moved the request {len(effects)} times", command.key)
        if effects and ActRefused not in effects and rejections[command.id]:
            yield Violation(f"{name} was applied and rejected", command.key)


@clause(Harm.OTHER)
def a_command_is_rejected_for_a_harmless_reason_alone(history: History) -> Iterator[Violation]:
    """The reference department does nothing else that could be refused."""
    for key, submission in history.by_request.items():
        for event in history.events(key, CommandRejected):
            if event.code not in HARMLESS:
                yield Violation(f"{submission.name}: its department was refused as {event.code}", key)


def _commands(history: History) -> Iterator[Record]:
    return (record for record in history.every(Command) if record.key in history.by_request)


def _rejections(history: History) -> Counter[str]:
    """How often each command was rejected."""
    rejected: Counter[str] = Counter()
    for record in history.every(CommandRejected):
        assert isinstance(record.event, CommandRejected)
        rejected[record.event.command_id] += 1
    return rejected


def _passed(history: History, command: Record) -> list[Record]:
    """The facts that routing said because of a command."""
    return [each for each in history.caused.get(command.id, ()) if isinstance(each.event, CommandFact)]


def _named(history: History, command: Record) -> str:
    return f"{history.name(command.key)}: {command.type.removeprefix('pt.postigo.').removesuffix('.v1')}"


CLAUSES: Final[tuple[Clause, ...]] = (
    every_request_goes_to_its_own_department,
    every_request_is_assigned_once,
    every_epoch_reaches_its_department,
    every_command_is_answered,
    a_command_said_twice_changes_nothing,
    a_command_is_rejected_for_a_harmless_reason_alone,
)
