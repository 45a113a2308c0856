"""`postigo views rebuild`."""

from dataclasses import dataclass

from deploy.cli.operating import DO_IT, Asked, ago, console, count, counting, say_json
from deploy.operator import acts
from deploy.operator.acts import Rebuilt
from deploy.operator.hand import Hand
from deploy.operator.rebuilding import SLICES, broken_off, requests_kept


@dataclass(frozen=True)
class Wish:
    rate: int
    anew: bool


def run(asked: Asked, wish: Wish) -> None:
    asked.with_hand(lambda hand: _rebuild(hand, asked, wish))


async def _rebuild(hand: Hand, asked: Asked, wish: Wish) -> None:
    before = None if wish.anew else await broken_off(hand)
    screen = console()
    if before and not asked.as_json:
        begun = ago(before.begun.occurred_at)
        screen.print(
            f"A rebuild that began {begun} ago broke off after {before.done} of {SLICES} slices: this goes on from there "
            "(--from-start: it does not).\n"
        )
    if not asked.do:
        requests = await requests_kept(hand)
        if asked.as_json:
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
            hand, asked.who, before, requests=await requests_kept(hand), rate=wish.rate, progress=progress
        )
    _say_done(asked, done)


def _say_done(asked: Asked, done: Rebuilt) -> None:
    if asked.as_json:
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
