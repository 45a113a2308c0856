"""Lists with any combination of filters, and the numbers per state, equal naive ones; on every engine, page by page."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from hypothesis import given, settings, strategies as st

from gateway.requests.list_filter import ListFilter
from gateway.requests.search_text import search_text
from gateway.requests.view import RequestView
from services.common.contracts.lifecycle import State
from services.common.legal_clock import day_of
from services.common.text.folding import searched_words, words_of
from tests.integration.store.test_lists import (
    NOW,
    Views,
    view,
    views as views,  # noqa: PLC0414 - the fixture
)

STATES: Final = (State.REGISTERED, State.ANSWERED, State.CONCLUDED)
SUBJECTS: Final = ("FAM-01", "PEN-01")
DEPARTMENTS: Final = (None, "pf", "cnp")
TEXTS: Final = (
    "O abono de novembro não foi pago.",
    "Pensão de sobrevivência: falta a certidão (n.º 3/2026).",
    "ABONO e pensão, €100 & \\d+ .* $where",
    "",
)
ANA, RUI = uuid4(), uuid4()
DAYS: Final = st.integers(0, 3).map(lambda days: day_of(NOW - timedelta(days=days)))


@st.composite
def filed(draw: st.DrawFn) -> list[dict[str, Any]]:
    return draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "age": st.integers(0, 4 * 24).map(lambda hours: timedelta(hours=hours)),
                    "state": st.sampled_from(STATES),
                    "subject": st.sampled_from(SUBJECTS),
                    "department": st.sampled_from(DEPARTMENTS),
                    "description": st.sampled_from(TEXTS),
                    "restricted_to": st.sampled_from([None, None, ANA, RUI]),
                    "notified_at": st.none() | st.sampled_from([NOW, NOW - timedelta(hours=5)]),
                }
            ),
            max_size=20,
        )
    )


FILTERS: Final = st.builds(
    ListFilter,
    states=st.sampled_from([(), *((each,) for each in STATES), STATES[:2]]),
    first=st.none() | DAYS,
    last=st.none() | DAYS,
    subject=st.none() | st.sampled_from(SUBJECTS),
    department=st.none() | st.sampled_from(DEPARTMENTS[1:]),
    words=st.sampled_from(
        ["", "abono", "pens sobre", "PENSAO", "certid 2026", "100", "velhice", "xilofone", "where d"]
    ).map(searched_words),
    actor_id=st.sampled_from([None, ANA, RUI]),
    unread_since=st.none() | st.sampled_from([NOW - timedelta(hours=1), datetime(1970, 1, 1, tzinfo=UTC)]),
)


def made_of(account: UUID, rows: list[dict[str, Any]]) -> list[RequestView]:
    found = []
    for row in rows:
        about = {name: value for name, value in row.items() if name != "age"}
        plain = view(account, NOW - row["age"]).model_copy(update=about)
        found.append(plain.model_copy(update={"search_text": search_text(plain)}))
    return found


def fits(each: RequestView, wanted: ListFilter) -> bool:
    filed_on: date = day_of(each.filed_at)
    words = words_of(each.search_text)
    return (
        (not wanted.states or each.state in wanted.states)
        and (wanted.first is None or filed_on >= wanted.first)
        and (wanted.last is None or filed_on <= wanted.last)
        and wanted.subject in (None, each.subject)
        and (wanted.actor_id is None or each.restricted_to in (None, wanted.actor_id))
        and wanted.department in (None, each.department)
        and all(any(own.startswith(word) for own in words) for word in wanted.words)
        and (wanted.unread_since is None or (each.notified_at is not None and each.notified_at > wanted.unread_since))
    )


async def all_pages(views: Views, account: UUID, wanted: ListFilter, size: int) -> list[str]:
    listed: list[str] = []
    after: tuple[datetime, str] | None = None
    while True:
        page = await views.page(account, wanted, after, size)
        listed += [each.reference for each in page]
        if len(page) < size:
            return listed
        after = (page[-1].filed_at, page[-1].reference)


@given(rows=filed(), wanted=FILTERS, size=st.integers(1, 7))
@settings(max_examples=60, deadline=None)
async def test_filtered_pages_and_counts_equal_naive_ones(
    views: Views, rows: list[dict[str, Any]], wanted: ListFilter, size: int
) -> None:
    account = uuid4()
    made = made_of(account, rows)
    await views.insert(made + made_of(uuid4(), rows))
    fitting = [each for each in made if fits(each, wanted)]
    newest_first = sorted(fitting, key=lambda each: (-each.filed_at.timestamp(), each.reference))
    assert await all_pages(views, account, wanted, size) == [each.reference for each in newest_first]
    anywhere = [each for each in made if fits(each, wanted.model_copy(update={"states": ()}))]
    assert await views.counts(account, wanted) == Counter(each.state for each in anywhere)


async def test_one_reference_is_found_among_the_own_ones_only(views: Views) -> None:
    account, other = uuid4(), uuid4()
    mine, theirs = view(account, NOW), view(other, NOW)
    await views.insert([mine, theirs])
    found = await views.page(account, ListFilter(reference=mine.reference), None, 20)
    assert [each.reference for each in found] == [mine.reference]
    assert await views.page(account, ListFilter(reference=theirs.reference), None, 20) == []
