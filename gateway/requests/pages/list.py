"""`/pedidos`: all own requests, with filters that combine. The address is the view: it can be kept, shared with oneself, and reloaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, get_args
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from gateway.portal.formats import day
from gateway.portal.page import Page, PageDep, PageRoute, ReaderDep
from gateway.requests.list_filter import ListFilter
from gateway.requests.list_query import ListedState, ListQuery, wanted_list
from gateway.requests.names import Names
from gateway.requests.presenter import RequestPresenter
from services.common.catalogue import Language, catalogue, catalogues
from services.common.contracts.lifecycle import State
from services.common.domain.identifiers import parse_reference
from services.common.http import problem_types
from services.common.http.languages import Words
from services.common.http.problems import Problem
from services.common.text import code as cleaned_code
from services.common.text.dates import typed_day
from services.common.text.folding import LONGEST_QUERY

router = APIRouter(route_class=PageRoute)

LIST: Final = "/pedidos"
PAGE: Final = 20
"""Requests on a page of the list."""

FIELDS: Final = ("q", "estado", "assunto", "de", "ate", "por_ler")
"""The filters in the address, in the order of the form. `referencia` leads to the request itself."""

NO_DAY: Final = Words("Escreva um dia que exista.", "Write a day that exists.")
FROM: Final = Words("desde {day}", "from {day}")
UNTIL: Final = Words("até {day}", "until {day}")
UNREAD: Final = Words("com avisos por ler", "with unread notices")

_PARAMETERS: Final = {"q": "q", "to": "ate", "reference": "referencia"}
"""The fields of the form by the parameters of the API."""


class Chip(NamedTuple):
    """A filter that is set, and the address of the list without it."""

    text: str
    address: str


class StateCount(NamedTuple):
    code: str
    name: str
    number: int
    address: str


@dataclass(frozen=True, slots=True)
class ListForm:
    """The filters as the address has them. `errors` by field."""

    values: Mapping[str, str]
    query: ListQuery
    errors: Mapping[str, str]

    def address(self, **changes: str) -> str:
        """That of the list with other values of some filters; an empty one is none."""
        values = {name: value for name, value in {**self.values, **changes}.items() if value}
        return f"{LIST}?{urlencode(values)}" if values else LIST

    def chips(self, language: Language) -> list[Chip]:
        words = {
            "q": f"«{self.values['q']}»",
            "estado": Names(language).state(self.query.state) if self.query.state else "",
            "assunto": Names(language).subject(self.query.subject) or "",
            "de": FROM.in_(language).format(day=day(language, self.query.first)) if self.query.first else "",
            "ate": UNTIL.in_(language).format(day=day(language, self.query.last)) if self.query.last else "",
            "por_ler": UNREAD.in_(language),
        }
        return [Chip(words[name], self.address(**{name: ""})) for name in FIELDS if self.values[name] and words[name]]


@router.get(LIST)
async def get_list(page: PageDep, reader: ReaderDep) -> Response:
    typed = page.request.query_params.get("referencia", "").strip()
    if reference := parse_reference(typed):
        return page.go_to(f"{LIST}/{reference}")
    form = list_form(page)
    errors = dict(form.errors)
    if typed:
        errors["referencia"] = problem_types.REFERENCE.detail_in(page.language, None, is_submission=False)
    try:
        wanted = ListFilter() if errors else await wanted_list(page.services, reader.session, form.query)
    except Problem as problem:
        wanted = ListFilter()
        errors |= {_PARAMETERS[each.parameter or ""]: each.text(page.language) for each in problem.errors}
    queries = page.services.queries
    try:
        given = page.request.query_params.get("pagina")
        views, cursor = ([], None) if errors else await queries.list(reader.session, wanted, given, PAGE)
    except Problem as problem:
        if problem.kind is not problem_types.CURSOR:
            raise
        return page.go_to(form.address())
    counts = await queries.counts(reader.session, wanted)
    presenter = RequestPresenter(page.language)
    return page.render(
        "requests/list.html",
        422 if errors else 200,
        requests=[presenter.summary(view) for view in views],
        held=await page.services.held_withdrawals.store.of_account(reader.session.account_id),
        form=form,
        chips=[] if errors else form.chips(page.language),
        counts=_counts(page, form, counts),
        all_states=form.address(estado=""),
        total=sum(counts.values()),
        subjects=_subjects(page),
        errors=errors,
        reference=typed,
        next_page=None if cursor is None else form.address(pagina=cursor),
        is_first="pagina" not in page.request.query_params,
    )


def list_form(page: Page) -> ListForm:
    """The filters of the address. A state or subject that does not exist is none."""
    given, errors = page.request.query_params, dict[str, str]()
    values = {name: given.get(name, "").strip()[:LONGEST_QUERY] for name in FIELDS}
    days = {name: typed_day(values[name]) for name in ("de", "ate")}
    values |= {name: found.isoformat() for name, found in days.items() if found}
    for name, found in days.items():
        if values[name] and found is None:
            errors[name] = NO_DAY.in_(page.language)
    values["assunto"] = _known_subject(values["assunto"])
    state = next((each for each in get_args(ListedState) if each == values["estado"]), None)
    query = ListQuery(
        state=state,
        first=days["de"],
        last=days["ate"],
        subject=values["assunto"] or None,
        q=values["q"] or None,
        unread=bool(values["por_ler"]),
    )
    return ListForm(values | {"estado": state or ""}, query, errors)


def _known_subject(typed: str) -> str:
    """The code of a subject of any version of the catalogue; empty for any other text."""
    code = cleaned_code(typed).upper()
    return code if catalogues().newest(lambda each: each.subjects, code) else ""


def _counts(page: Page, form: ListForm, counts: Mapping[State, int]) -> list[StateCount]:
    """The states that have requests, and the one that is chosen."""
    names = Names(page.language)
    return [
        StateCount(each, names.state(State(each)), counts.get(State(each), 0), form.address(estado=each))
        for each in get_args(ListedState)
        if counts.get(State(each)) or form.values["estado"] == each
    ]


def _subjects(page: Page) -> list[tuple[str, list[tuple[str, str]]]]:
    """The subjects that this account may file about, by life event."""
    assert page.reader is not None
    who, language = page.reader.session.who, page.language
    events = [
        (event.name(language), [(each.code, each.name(language)) for each in event.subjects if each.open_to(who)])
        for event in catalogue().life_events
    ]
    return [(name, subjects) for name, subjects in events if subjects]
