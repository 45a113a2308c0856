"""What people see, against what intake has in its books."""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.requests.view import seq_key
from tests.faults.history import Asked, History
from tests.faults.verdicts import Harm, Offence, clause


@clause(Harm.OTHER)
def views_equal_the_books(history: History) -> Iterator[Offence]:
    """In the end, whatever the view went through: the same state, every fact in its place, and the request's own words."""
    for key, asked in history.by_request.items():
        book, view = history.document("intake", asked.reference), history.document("gateway-views", asked.reference)
        if book is None or book.state is None:
            continue
        if view is None or view.state is None:
            yield Offence(f"{asked.name}: has no view", key)
            continue
        for difference in _differences(history, asked, book.state, view.state):
            yield Offence(f"{asked.name}: {difference}", key)


def _differences(history: History, asked: Asked, book: Mapping[str, Any], view: Mapping[str, Any]) -> Iterator[str]:
    if view["state"] != book["state"]:
        yield f"is {book['state']} in the book, and shown as {view['state']}"
    if sorted(view["facts"]) != [seq_key(number) for number in range(1, book["seq"] + 1)]:
        yield f"has {book['seq']} facts in the book, and the view has {', '.join(sorted(view['facts']))}"
    said = {seq_key(record.fact.seq): record.id for record in history.life(asked.request_id)}
    if said != {place: fact["id"] for place, fact in view["facts"].items()}:
        yield "the view has other facts than were said"
    if view["description"] != asked.row.description or view["department"] != book["department"]:
        yield "the view has another text or department"
