"""`postigo replay`."""

from dataclasses import dataclass

from rich.table import Table

from deploy.cli.operating import DO_IT, Invocation, console, count, counting, plain, say_json, table
from deploy.local.hints import typed
from deploy.operator import acts
from deploy.operator.acts import Replayed
from deploy.operator.errors import OperatorError
from deploy.operator.points import point
from deploy.operator.replaying import LEFT_OUT, Stretch, readers, stretch
from deploy.operator.session import OperatorSession


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line; `end` is the end of the log when it is not given."""

    topic: str
    group: str
    begin: str
    end: str | None
    mail: bool
    most: int | None
    rate: int

    @property
    def terms(self) -> dict[str, str]:
        told = {"topic": self.topic, "group": self.group, "from": self.begin, "to": self.end or "end of log"}
        most = {} if self.most is None else {"max": str(self.most)}
        return told | most | {"mail": "yes" if self.mail else "no"}


def run(invocation: Invocation, wish: Wish) -> None:
    groups = readers(wish.topic)
    if wish.group not in groups:
        known = f"choose one of {', '.join(groups)}" if groups else "no group of ours reads it"
        raise OperatorError(f"{wish.group} does not read {wish.topic}: {known}.")
    invocation.with_hand(lambda session: _replay(session, invocation, wish))


async def _replay(session: OperatorSession, invocation: Invocation, wish: Wish) -> None:
    end = None if wish.end is None else point(wish.end)
    found = await stretch(session, wish.topic, wish.group, point(wish.begin), end)
    if not invocation.do or not found.records:
        _say_plan(invocation, wish, found)
        return
    with counting(found.records, "Replaying") as progress:
        done = await acts.replay(
            session, invocation.who, found, wish.rate, wish.terms, progress, mail=wish.mail, most=wish.most
        )
    _say_done(invocation, wish, done)


def _say_plan(invocation: Invocation, wish: Wish, found: Stretch) -> None:
    if invocation.as_json:
        extents = [
            {"partition": tp.partition, "from": first, "to": after}
            for tp, (first, after) in sorted(found.extents.items())
        ]
        say_json({**wish.terms, "records": found.records, "spans": extents, "done": False})
        return
    screen = console()
    if not found.records:
        screen.print("Nothing lies between these points.")
        return
    partitions = count(len(found.extents), "partition")
    screen.print(f"At most {count(found.records, 'record')} in {partitions} would be taken once more:\n")
    screen.print(_terms(wish))
    screen.print(
        f"\nWhat {plain(wish.group)} has taken it knows again: nothing is done twice. Copies of earlier replays are left out."
    )
    screen.print(
        "People would be told of what they were not told of yet." if wish.mail else "Nobody would be told of it."
    )
    screen.print(f"\n{DO_IT}")


def _say_done(invocation: Invocation, wish: Wish, done: Replayed) -> None:
    if invocation.as_json:
        say_json({**wish.terms, "taken": done.taken, "left_out": dict(done.left_out), "done": True})
        return
    screen = console()
    screen.print(f"{count(done.taken, 'record')} went to {plain(wish.group)} once more.")
    if done.left_out:
        screen.print()
        screen.print(_left_out(done))
    screen.print(f"\nHas it set something aside? {typed('dlq', 'list', home=invocation.home)}", soft_wrap=True)


def _terms(wish: Wish) -> Table:
    made = Table.grid(padding=(0, 2, 0, 0))
    for name, value in wish.terms.items():
        made.add_row(f"[bold]{name}[/]", plain(value))
    return made


def _left_out(done: Replayed) -> Table:
    made = table("left out", "what", right=("left out",))
    for because, number in sorted(done.left_out.items()):
        made.add_row(str(number), LEFT_OUT[because])
    return made
