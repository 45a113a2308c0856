"""`postigo views rebuild`."""

from dataclasses import dataclass

from deploy.cli.operating import DO_IT, Invocation, ago, console, count, counting, say_json
from deploy.operator import acts
from deploy.operator.acts import Rebuilt
from deploy.operator.rebuilding import SLICES, broken_off, requests_kept
from deploy.operator.session import OperatorSession


@dataclass(frozen=True)
class Wish:
    rate: int
    anew: bool


def run(invocation: Invocation, wish: Wish) -> None:
    invocation.with_hand(lambda session: _rebuild(session, invocation, wish))


async def _rebuild(session: OperatorSession, invocation: Invocation, wish: Wish) -> None:
    before = None if wish.anew else await broken_off(session)
    screen = console()
    if before and not invocation.as_json:
        begun = ago(before.begun.occurred_at)
        screen.print(
            f"A rebuild that began {begun} ago has not ended ({before.done} of {SLICES} slices): this goes on from there, "
            "unless you say --from-start.\n"
        )
    if not invocation.do:
        requests = await requests_kept(session)
        if invocation.as_json:
            say_json({"requests": requests, "slices": SLICES, "from": before.done if before else 0, "done": False})
            return
        screen.print(
            f"What was said of {count(requests, 'request')} would be said again to the views, which keep what they have."
        )
        screen.print(f"\n{DO_IT}")
        return
    with counting(SLICES, "Rebuilding") as progress:
        progress(before.done if before else 0)
        done = await acts.rebuild(
            session, invocation.who, before, requests=await requests_kept(session), rate=wish.rate, progress=progress
        )
    _say_done(invocation, done)


def _say_done(invocation: Invocation, done: Rebuilt) -> None:
    if invocation.as_json:
        say_json({"requests": done.requests, "facts": done.facts, "incomplete": done.incomplete, "done": True})
        return
    screen = console()
    screen.print(
        f"{count(done.facts, 'fact')} of {count(done.requests, 'request')} said again, and merged into the views."
    )
    if done.incomplete:
        screen.print(
            f"{count(done.incomplete, 'request')} began before what is said was kept: of those, views have only what they had."
        )
