"""`postigo replay`."""

from dataclasses import dataclass

from rich.table import Table

from deploy.cli.invocation import Invocation
from deploy.cli.printing import console, count, escape, print_json, progress_bar, table
from deploy.local.hints import typed
from deploy.operator import operations
from deploy.operator.errors import OperatorError
from deploy.operator.operations import Replayed
from deploy.operator.points import parse_point
from deploy.operator.replaying import LEFT_OUT, ReplayRange, read_by_departments, readers, resolve_range
from deploy.operator.session import OperatorSession


@dataclass(frozen=True)
class Options:
    """The options of the command line. `end` None: the end of the log."""

    topic: str
    group: str
    begin: str
    end: str | None
    mail: bool
    most: int | None
    rate: int

    @property
    def terms(self) -> dict[str, str]:
        terms = {"topic": self.topic, "group": self.group, "from": self.begin, "to": self.end or "end of log"}
        most = {} if self.most is None else {"max": str(self.most)}
        return terms | most | {"mail": "yes" if self.mail else "no"}


def run(invocation: Invocation, options: Options) -> None:
    groups = readers(options.topic)
    if options.group not in groups:
        known = f"choose one of {', '.join(groups)}" if groups else "no group reads it"
        raise OperatorError(f"{options.group} does not read {options.topic}: {known}.")
    invocation.require_reason("Records are processed again")
    invocation.with_session(lambda session: _replay(session, invocation, options))


async def _replay(session: OperatorSession, invocation: Invocation, options: Options) -> None:
    end = None if options.end is None else parse_point(options.end)
    replay_range = await resolve_range(session, options.topic, options.group, parse_point(options.begin), end)
    if not invocation.do or not replay_range.records:
        _print_plan(invocation, options, replay_range)
        return
    with progress_bar(replay_range.records, "Replaying") as progress:
        done = await operations.replay(
            session,
            await invocation.actor(session),
            replay_range,
            options.rate,
            options.terms,
            progress,
            mail=options.mail,
            most=options.most,
        )
    _print_result(invocation, options, done)


def _print_plan(invocation: Invocation, options: Options, replay_range: ReplayRange) -> None:
    if invocation.as_json:
        spans = [
            {"partition": tp.partition, "from": first, "to": end}
            for tp, (first, end) in sorted(replay_range.ranges.items())
        ]
        departments = read_by_departments(options.topic)
        about = {"records": replay_range.records, "spans": spans, "read_by_departments": departments}
        print_json({**options.terms, **about, "done": False})
        return
    screen = console()
    if not replay_range.records:
        screen.print("There are no records between these points.")
        return
    partitions = count(len(replay_range.ranges), "partition")
    screen.print(f"At most {count(replay_range.records, 'record')} in {partitions} would be processed again:\n")
    screen.print(_terms(options))
    screen.print(
        f"\n{escape(options.group)} ignores records that it has processed: nothing is done twice. "
        "Copies of earlier replays are left out."
    )
    screen.print(
        "Notifications that were never sent would be sent." if options.mail else "No notification would be sent."
    )
    if read_by_departments(options.topic):
        screen.print("The department gets these records again too. It must ignore those that it has read.")
    screen.print(f"\n{invocation.dry_run}")


def _print_result(invocation: Invocation, options: Options, done: Replayed) -> None:
    if invocation.as_json:
        print_json({**options.terms, "taken": done.processed, "left_out": dict(done.left_out), "done": True})
        return
    screen = console()
    screen.print(f"{count(done.processed, 'record')} processed again by {escape(options.group)}.")
    if done.left_out:
        screen.print()
        screen.print(_left_out(done))
    screen.print(f"\nNew dead letters: {typed('dlq', 'list', home=invocation.home)}", soft_wrap=True)


def _terms(options: Options) -> Table:
    rendered = Table.grid(padding=(0, 2, 0, 0))
    for name, value in options.terms.items():
        rendered.add_row(f"[bold]{name}[/]", escape(value))
    return rendered


def _left_out(done: Replayed) -> Table:
    rendered = table("left out", "what", right=("left out",))
    for reason, number in sorted(done.left_out.items()):
        rendered.add_row(str(number), LEFT_OUT[reason])
    return rendered
