"""`postigo dlq`: dead letters, looked at, brought back and given up."""

import base64
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from deploy.cli import letters as shown
from deploy.cli.operating import DO_IT, Invocation, console, count, counting, plain, say_json
from deploy.local.hints import typed
from deploy.operator import acts
from deploy.operator.acts import Outcome
from deploy.operator.audit import history
from deploy.operator.discarding import GivenUp, plan_discard
from deploy.operator.errors import OperatorError
from deploy.operator.letter_filter import LetterFilter
from deploy.operator.letters import Letter
from deploy.operator.log import Record
from deploy.operator.plan import Left, Plan, plan_redrive
from deploy.operator.session import OperatorSession
from deploy.operator.survey import letter_named, survey


@dataclass(frozen=True)
class Wish:
    """Which letters are meant, how many of them at most, and how fast."""

    where: LetterFilter
    most: int | None = None
    rate: int = 100

    @property
    def terms(self) -> dict[str, str]:
        most = {} if self.most is None else {"max": str(self.most)}
        return {"where": str(self.where)[:500], **most}


def show_list(invocation: Invocation, wish: Wish, *, each: bool) -> None:
    """What still needs somebody: by group, topic and reason, or letter by letter."""
    found = invocation.with_hand(lambda session: survey(session, wish.where))
    chosen = [letter for line in found.lines for letter in line.letters if wish.where.fits(letter)]
    held = [line for line in found.lines if line.documents]
    if invocation.as_json:
        waited_for = {letter.record for line in held for letter in line.letters}
        rows = [shown.told(letter, waited_for=letter.record in waited_for) for letter in chosen]
        blocked = [document for line in held for document in line.documents]
        say_json({"letters": rows, "blocked": shown.told_blocked(blocked)})
        return
    screen = console()
    if not chosen:
        screen.print("No dead letter fits that." if wish.where.terms else "No dead letter needs anybody.")
        return
    screen.print(f"{count(len(chosen), 'record')} set aside:\n")
    screen.print(shown.one_by_one(chosen) if each else shown.by_group(chosen))
    if held and not each:
        screen.print("\nNothing more happens on these until they are brought back or given up:\n")
        screen.print(shown.on_hold(held))
    hint = ("One of them", ["show", "LETTER"]) if each else ("Each of them", ["list", "--each"])
    screen.print()
    for what, words in (hint, ("To bring back", ["redrive", "--help"]), ("To give up", ["discard", "--help"])):
        screen.print(f"{what}: {typed('dlq', *words, home=invocation.home)}", soft_wrap=True)


def show_letter(invocation: Invocation, name: str, *, bytes_too: bool) -> None:
    """One letter; what it holds only when asked for, with a reason, and that is recorded."""
    if bytes_too and not invocation.reason:
        raise OperatorError("What a letter holds may be a person's words: say with --reason why you look at it.")
    invocation.with_hand(lambda session: _show(session, invocation, name, bytes_too=bytes_too))


async def _show(session: OperatorSession, invocation: Invocation, name: str, *, bytes_too: bool) -> None:
    letter, record = await letter_named(session, name)
    place = letter.place.offset if letter.place else -1
    ended = place <= (await history(session.log)).ended.get(letter.record, -1)
    found = await survey(session, LetterFilter((("group", letter.group),)))
    line = next((each for each in found.lines for one in each.letters if one.record == letter.record), None)
    if bytes_too:
        await acts.reveal(session, invocation.who, letter.id)
    if invocation.as_json:
        about = shown.told(letter, waited_for=bool(line and line.documents)) | {"needs_nobody": ended or line is None}
        say_json(about | (_bytes_as_json(record) if bytes_too else {}))
        return
    screen = console()
    screen.print(shown.details(letter, line, ended=ended))
    if bytes_too:
        _print_bytes(screen, record)


def redrive(invocation: Invocation, wish: Wish) -> None:
    """Exit code 1 when something was to be brought back and was not."""
    if not wish.where.terms:
        raise OperatorError("Say which letters: --where group=intake, or --where 'reason=*' for all of them.")
    done = invocation.with_hand(lambda session: _redrive(session, invocation, wish))
    sys.exit(0 if done else 1)


async def _redrive(session: OperatorSession, invocation: Invocation, wish: Wish) -> bool:
    found = await survey(session, wish.where)
    plan = plan_redrive(found.lines, datetime.now(UTC), wish.most)
    if not invocation.do or not plan.lines:
        _say_plan(invocation, plan)
        return not invocation.do or not plan.left
    with counting(plan.count, "Bringing back") as progress:
        outcome = await acts.redrive(session, invocation.who, plan, wish.rate, wish.terms, progress)
    _say_done(invocation, "brought back", outcome)
    return not outcome.left


def discard(invocation: Invocation, wish: Wish) -> None:
    """Exit code 1 when something was to be given up and was not."""
    if not wish.where.terms:
        raise OperatorError("Say which letters: --where letter=NAME, or --where 'reason=…'.")
    if not invocation.reason:
        raise OperatorError("What is given up does not come back: say with --reason why.")
    done = invocation.with_hand(lambda session: _discard(session, invocation, wish))
    sys.exit(0 if done else 1)


async def _discard(session: OperatorSession, invocation: Invocation, wish: Wish) -> bool:
    planned = plan_discard((await survey(session, wish.where)).lines, wish.where, wish.most)
    if not invocation.do or not planned:
        _say_would_discard(invocation, planned)
        return True
    with counting(len(planned), "Giving up") as progress:
        outcome = await acts.discard(session, invocation.who, planned, wish.terms, progress)
    _say_done(invocation, "given up", outcome)
    return not outcome.left


def _say_plan(invocation: Invocation, plan: Plan) -> None:
    if invocation.as_json:
        say_json({"planned": shown.told_lines(plan.lines), "left": shown.told_left(plan.left), "done": False})
        return
    screen = console()
    if not plan.lines and not plan.left:
        screen.print("No dead letter fits that.")
        return
    if plan.lines:
        screen.print(f"{count(plan.count, 'record')} would be brought back:\n")
        screen.print(shown.lines(plan.lines))
    _say_left(screen, plan.left)
    if plan.lines and not invocation.do:
        screen.print(f"\n{DO_IT}")


def _say_would_discard(invocation: Invocation, planned: Sequence[GivenUp]) -> None:
    letters: list[Letter] = [each.letter for each in planned]
    if invocation.as_json:
        rows = [shown.told(each.letter, waited_for=bool(each.line.documents)) for each in planned]
        say_json({"planned": rows, "left": [], "done": False})
        return
    screen = console()
    if not planned:
        screen.print("No dead letter fits that.")
        return
    screen.print(f"{count(len(planned), 'record')} would be given up, for good:\n")
    screen.print(shown.one_by_one(letters))
    screen.print(f"\n{DO_IT}")


def _say_done(invocation: Invocation, what: str, outcome: Outcome) -> None:
    if invocation.as_json:
        left = shown.told_left(outcome.left)
        say_json({"planned": outcome.planned, "ended": outcome.ended, "left": left, "done": True})
        return
    screen = console()
    screen.print(f"{count(outcome.ended, 'record')} {what}.")
    _say_left(screen, outcome.left)


def _say_left(screen: Console, left: Sequence[Left]) -> None:
    if left:
        screen.print()
        screen.print(shown.left(left))


def _print_bytes(screen: Console, record: Record) -> None:
    screen.print("\nWhat it holds. This was recorded.\n")
    for name, value in (("key", record.key), *record.headers, ("value", record.value)):
        screen.print(f"[bold]{plain(name)}[/]  {plain(_text(value))}", soft_wrap=True)


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
