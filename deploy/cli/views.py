"""`postigo views rebuild`."""

from dataclasses import dataclass

from deploy.cli.invocation import Invocation
from deploy.cli.printing import ago, console, count, print_json, progress_bar
from deploy.operator import operations
from deploy.operator.operations import Rebuilt
from deploy.operator.rebuilding import SLICES, count_requests, unfinished_rebuild
from deploy.operator.session import OperatorSession


@dataclass(frozen=True)
class Options:
    rate: int
    from_start: bool


def run(invocation: Invocation, options: Options) -> None:
    invocation.require_reason("All facts are published again")
    invocation.with_session(lambda session: _rebuild(session, invocation, options))


async def _rebuild(session: OperatorSession, invocation: Invocation, options: Options) -> None:
    unfinished = None if options.from_start else await unfinished_rebuild(session)
    first = unfinished.done if unfinished else 0
    requests = await count_requests(session)
    if unfinished and not invocation.as_json:
        console().print(
            f"A rebuild that started {ago(unfinished.started.occurred_at)} ago has not ended ({first} of {SLICES} "
            "slices): this command continues it. Add --from-start for a new one.\n"
        )
    if not invocation.do:
        _print_dry_run(invocation, requests, first)
        return
    with progress_bar(SLICES, "Rebuilding") as progress:
        progress(first)
        done = await operations.rebuild(
            session,
            await invocation.actor(session),
            unfinished,
            requests=requests,
            rate=options.rate,
            progress=progress,
        )
    _print_result(invocation, done)


def _print_dry_run(invocation: Invocation, requests: int, first: int) -> None:
    if invocation.as_json:
        print_json({"requests": requests, "slices": SLICES, "from": first, "done": False})
        return
    screen = console()
    screen.print(
        f"The facts of {count(requests, 'request')} would be published again. The views merge them and lose nothing."
    )
    screen.print(f"\n{invocation.dry_run}")


def _print_result(invocation: Invocation, done: Rebuilt) -> None:
    if invocation.as_json:
        print_json({"requests": done.requests, "facts": done.facts, "incomplete": done.incomplete, "done": True})
        return
    screen = console()
    screen.print(
        f"{count(done.facts, 'fact')} of {count(done.requests, 'request')} published again and merged into the views."
    )
    if done.incomplete:
        screen.print(
            f"{count(done.incomplete, 'request')} older than the stored facts: their views keep what they had, "
            "and may be incomplete."
        )
