"""`postigo dlq`: list, show, redrive and discard dead letters."""

import base64
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console

from deploy.cli import dead_letter_tables as tables
from deploy.cli.invocation import Invocation
from deploy.cli.printing import console, count, escape, print_json, progress_bar
from deploy.local.hints import typed
from deploy.operator import operations
from deploy.operator.audit import read_history
from deploy.operator.dead_letters import DeadLetter
from deploy.operator.discarding import PlannedDiscard, plan_discards
from deploy.operator.errors import OperatorError
from deploy.operator.letter_filter import LetterFilter
from deploy.operator.log import Record
from deploy.operator.operations import Outcome
from deploy.operator.plan import Plan, SkippedQueue, plan_redrive
from deploy.operator.session import OperatorSession
from deploy.operator.survey import find_dead_letter, survey

NO_MATCH: Final = "No dead letter matches."


@dataclass(frozen=True)
class Options:
    """`most`: the maximal number of dead letters; `rate`: records a second."""

    where: LetterFilter
    most: int | None = None
    rate: int = 100

    @property
    def terms(self) -> dict[str, str]:
        most = {} if self.most is None else {"max": str(self.most)}
        return {"where": str(self.where)[:500], **most}


def show_list(invocation: Invocation, options: Options, *, each: bool) -> None:
    """List the open dead letters: counted by group, topic and reason, or one by one (`each`)."""
    surveyed = invocation.with_session(lambda session: survey(session, options.where))
    chosen = [letter for queue in surveyed.queues for letter in queue.letters if options.where.matches(letter)]
    blocked = [queue for queue in surveyed.queues if queue.documents]
    if invocation.as_json:
        blocking = {letter.record for queue in blocked for letter in queue.letters}
        rows = [tables.letter_json(letter, blocked=letter.record in blocking) for letter in chosen]
        documents = [document for queue in blocked for document in queue.documents]
        print_json({"letters": rows, "blocked": tables.blocked_json(documents)})
        return
    screen = console()
    if not chosen:
        screen.print(NO_MATCH if options.where.terms else "There is no open dead letter.")
        return
    screen.print(f"{count(len(chosen), 'dead letter')}:\n")
    screen.print(tables.one_by_one(chosen) if each else tables.by_group(chosen))
    if answered := sum(letter.answered for letter in chosen):
        mistakes = count(answered, "is a mistake of its department", "are mistakes of their departments")
        screen.print(f"\n{mistakes}, which have the answer: there is nothing to do.")
    if blocked and not each:
        screen.print("\nThese requests are blocked until their dead letters are redriven or discarded:\n")
        screen.print(tables.blocked(blocked))
    hint = ("Show one", ["show", "LETTER"]) if each else ("List each", ["list", "--each"])
    screen.print()
    for what, words in (hint, ("Redrive", ["redrive", "--help"]), ("Discard", ["discard", "--help"])):
        screen.print(f"{what}: {typed('dlq', *words, home=invocation.home)}", soft_wrap=True)


def show_letter(invocation: Invocation, name: str, *, bytes_too: bool) -> None:
    """Show one dead letter. `bytes_too`: also its content, which needs a reason and is recorded."""
    if bytes_too and not invocation.reason:
        raise OperatorError("The content may be a person's words: say with --reason why you read it.")
    invocation.with_session(lambda session: _show(session, invocation, name, bytes_too=bytes_too))


async def _show(session: OperatorSession, invocation: Invocation, name: str, *, bytes_too: bool) -> None:
    letter, record = await find_dead_letter(session, name)
    offset = letter.dlq_position.offset if letter.dlq_position else -1
    ended = offset <= (await read_history(session.log)).ended.get(letter.record, -1)
    surveyed = await survey(session, LetterFilter((("group", letter.group),)))
    queue = next((each for each in surveyed.queues for other in each.letters if other.record == letter.record), None)
    if bytes_too:
        await operations.reveal(session, await invocation.actor(session), letter.id)
    if invocation.as_json:
        about = tables.letter_json(letter, blocked=bool(queue and queue.documents)) | {
            "needs_nobody": ended or queue is None or letter.answered
        }
        print_json(about | (_bytes_as_json(record) if bytes_too else {}))
        return
    screen = console()
    screen.print(tables.details(letter, queue, ended=ended))
    if bytes_too:
        _print_bytes(screen, record)


def redrive(invocation: Invocation, options: Options) -> None:
    """Exit code 1 when a chosen dead letter was not redriven."""
    if not options.where.terms:
        raise OperatorError("Say which letters: --where group=intake, or --where 'reason=*' for all of them.")
    invocation.require_reason("Records are appended again")
    done = invocation.with_session(lambda session: _redrive(session, invocation, options))
    sys.exit(0 if done else 1)


async def _redrive(session: OperatorSession, invocation: Invocation, options: Options) -> bool:
    surveyed = await survey(session, options.where)
    plan = plan_redrive(surveyed.queues, datetime.now(UTC), options.most)
    if not invocation.do or not plan.queues:
        _print_plan(invocation, plan)
        return not invocation.do or not plan.skipped
    with progress_bar(plan.count, "Redriving") as progress:
        outcome = await operations.redrive(
            session, await invocation.actor(session), plan, options.rate, options.terms, progress
        )
    _print_outcome(invocation, "redriven", outcome)
    return not outcome.left


def discard(invocation: Invocation, options: Options) -> None:
    """Exit code 1 when a chosen dead letter was not discarded."""
    if not options.where.terms:
        raise OperatorError("Say which letters: --where letter=NAME, or --where 'reason=…'.")
    if not invocation.reason:
        raise OperatorError("A discarded record does not come back: say with --reason why.")
    done = invocation.with_session(lambda session: _discard(session, invocation, options))
    sys.exit(0 if done else 1)


async def _discard(session: OperatorSession, invocation: Invocation, options: Options) -> bool:
    planned = plan_discards((await survey(session, options.where)).queues, options.where, options.most)
    if not invocation.do or not planned:
        _print_planned_discards(invocation, planned)
        return True
    with progress_bar(len(planned), "Discarding") as progress:
        outcome = await operations.discard(session, await invocation.actor(session), planned, options.terms, progress)
    _print_outcome(invocation, "discarded", outcome)
    return not outcome.left


def _print_plan(invocation: Invocation, plan: Plan) -> None:
    if invocation.as_json:
        planned, skipped = tables.queues_json(plan.queues), tables.skipped_json(plan.skipped)
        print_json({"planned": planned, "left": skipped, "done": False})
        return
    screen = console()
    if not plan.queues and not plan.skipped:
        screen.print(NO_MATCH)
        return
    if plan.queues:
        screen.print(f"{count(plan.count, 'record')} would be redriven:\n")
        screen.print(tables.queues(plan.queues))
    _print_left(screen, plan.skipped)
    if plan.queues and not invocation.do:
        screen.print(f"\n{invocation.dry_run}")


def _print_planned_discards(invocation: Invocation, planned: Sequence[PlannedDiscard]) -> None:
    letters: list[DeadLetter] = [each.letter for each in planned]
    if invocation.as_json:
        rows = [tables.letter_json(each.letter, blocked=bool(each.queue.documents)) for each in planned]
        print_json({"planned": rows, "left": [], "done": False})
        return
    screen = console()
    if not planned:
        screen.print(NO_MATCH)
        return
    screen.print(f"{count(len(planned), 'record')} would be discarded, for good:\n")
    screen.print(tables.one_by_one(letters))
    screen.print(f"\n{invocation.dry_run}")


def _print_outcome(invocation: Invocation, what: str, outcome: Outcome) -> None:
    if invocation.as_json:
        skipped = tables.skipped_json(outcome.left)
        print_json({"planned": outcome.planned, "ended": outcome.ended, "left": skipped, "done": True})
        return
    screen = console()
    screen.print(f"{count(outcome.ended, 'record')} {what}.")
    _print_left(screen, outcome.left)


def _print_left(screen: Console, left: Sequence[SkippedQueue]) -> None:
    for table in tables.left(left):
        screen.print()
        screen.print(table)


def _print_bytes(screen: Console, record: Record) -> None:
    screen.print("\nThe content of the record. That you read it was recorded.\n")
    for name, value in (("key", record.key), *record.headers, ("value", record.value)):
        screen.print(f"[bold]{escape(name)}[/]  {escape(_text(value))}", soft_wrap=True)


def _text(value: bytes | None) -> str:
    if value is None:
        return "null"
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"base64 {base64.b64encode(value).decode()}"


def _bytes_as_json(record: Record) -> dict[str, Any]:
    def encoded(value: bytes | None) -> str | None:
        return None if value is None else base64.b64encode(value).decode()

    return {
        "key_base64": encoded(record.key),
        "value_base64": encoded(record.value),
        "headers_base64": [[name, encoded(value)] for name, value in record.headers],
    }
