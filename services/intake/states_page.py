"""Prints `docs/states.md` from the table of moves.

`python -m services.intake.states_page` writes it; `--check` fails if it is not current.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from services.common.catalogue.state_names import STATE_NAMES
from services.intake.domain import TRANSITIONS, Actor, Move, Rule
from services.intake.messages import State

PAGE: Final = Path(__file__).parents[2] / "docs" / "states.md"
STATES: Final = tuple(state for state in State if state is not State.UNKNOWN)

_HEAD: Final = """# The life of a request

`make contracts` prints this page from the table in
[transitions.py](../services/intake/domain/transitions.py); `make check` compares it. A move that is not here is refused.
"""

_MOVES: Final = """## Moves

*From* and *to* are states; *same* leaves the state as it is. *Facts* are published on `requests.lifecycle.v1`, in this order, without
their prefix `request.`. *The person* gets the notice with that name, by mail; whoever looks sees every fact. *The department* gets
these inbox events; `reopen` gives `created` only for a concluded request, and `updated` for an answered one, whose case is still
open. After a move with a *new epoch*, commands that were made before it are refused as `old-epoch`.

Beside these facts any move of an open request may say `deadline-moved`, if closed days were added or removed since, and one that
stops or ends a late term `deadline-missed` or `deadline-miss-retracted`. A department is sent an `updated` for it, or a `reminder`.
"""


def page() -> str:
    return "\n".join(
        (_HEAD, "## States\n", *_table(("Code", "PT", "EN"), _states()), "", _MOVES, *_moves(), "", *_matrix(), "")
    )


def _states() -> Iterator[Sequence[str]]:
    for state in STATES:
        yield f"`{state}`", STATE_NAMES[state].pt, STATE_NAMES[state].en


def _moves() -> Iterator[str]:
    head = ("Move", "Caused by", "From", "To", "Facts", "The person", "The department", "New epoch")
    yield from _table(head, (_row(move, rule) for move, rule in TRANSITIONS.items()))


def _row(move: Move, rule: Rule) -> Sequence[str]:
    to = set(rule.to.values())
    same = all(source is target for source, target in rule.to.items())
    return (
        f"`{move}`",
        rule.by,
        _codes(rule.to),
        "same" if same else _codes(to),
        _codes(fact.TYPE.removeprefix("pt.postigo.request.").removesuffix(".v1") for fact in rule.facts),
        _codes([rule.notice] if rule.notice else ()),
        _codes(name.removeprefix("assignment.") for name in rule.inbox),
        "yes" if rule.new_epoch else "",
    )


def _matrix() -> Iterator[str]:
    """Move × state → state, for those who look up one cell."""
    yield "## Each move in each state\n"
    yield "An empty cell is a refusal.\n"
    rows = (
        (f"`{move}`", *(f"`{rule.to[state]}`" if state in rule.to else "" for state in STATES))
        for move, rule in TRANSITIONS.items()
        if rule.by is not Actor.ROUTING
    )
    yield from _table(("", *(f"`{state}`" for state in STATES)), rows)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare the page instead of writing it")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit(f"{PAGE.name} is not current: run 'make contracts'.")


if __name__ == "__main__":
    main()
