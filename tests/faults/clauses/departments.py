"""What passes between us and the departments: nothing fails to arrive, and saying it twice changes nothing."""

from collections import Counter
from collections.abc import Iterator

from services.common.contracts import topics
from services.common.contracts.assignments import AssignmentFact, CommandFact
from services.common.contracts.departments import Acknowledge, Assignment, Command, CommandRejected
from services.common.contracts.lifecycle import ActRefused
from tests.faults.history import History, Record, repeated
from tests.faults.verdicts import Harm, Offence, clause


@clause(Harm.LOST)
def every_epoch_reaches_its_department(history: History) -> Iterator[Offence]:
    """What routing says it assigned lies in that department's inbox."""
    for key, asked in history.by_request.items():
        there = set()
        for record in history.about(key, Assignment):
            assert isinstance(record.event, Assignment)
            there.add((record.topic, record.event.assignment_id, record.event.epoch))
        for record in history.about(key, AssignmentFact):
            event = record.event
            assert isinstance(event, AssignmentFact)
            if (topics.inbox(event.department), event.assignment_id, event.epoch) not in there:
                yield Offence(f"{asked.name}: epoch {event.epoch} never reached {event.department}", key)


@clause(Harm.LOST)
def every_command_is_answered(history: History) -> Iterator[Offence]:
    """A command is passed on or rejected; what is passed on moves the request, or is rejected after all.

    To acknowledge what is in analysis already moves nothing.
    """
    rejected = _rejections(history)
    for command in _commands(history):
        passed = _passed(history, command)
        if not passed and command.id not in rejected:
            yield Offence(f"{history.name(command.key)}: {_short(command)} was never passed on", command.key)
        for fact in passed:
            if not history.caused.get(fact.id) and not isinstance(command.event, Acknowledge):
                yield Offence(f"{history.name(command.key)}: {_short(command)} came to nothing", command.key)


@clause(Harm.DOUBLED)
def a_command_said_twice_changes_nothing(history: History) -> Iterator[Offence]:
    """However often a department says it: it is passed on once, moves the request once, and is not refused as well."""
    rejections = _rejections(history)
    for command in _commands(history):
        name, passed = f"{history.name(command.key)}: {_short(command)}", _passed(history, command)
        if len(passed) > 1 or rejections[command.id] > 1:
            yield Offence(
                f"{name} was passed on {len(passed)} and rejected {rejections[command.id]} times", command.key
            )
        effects = [type(effect.event) for fact in passed for effect in history.caused.get(fact.id, ())]
        if repeated(effects) or (ActRefused in effects and len(effects) > 1):
            yield Offence(f"{name} moved the request {len(effects)} times", command.key)
        if effects and ActRefused not in effects and rejections[command.id]:
            yield Offence(f"{name} was applied and rejected", command.key)


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


def _short(command: Record) -> str:
    return command.type.removeprefix("pt.postigo.").removesuffix(".v1")
