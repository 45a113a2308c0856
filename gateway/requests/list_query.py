"""The filters of a list as parameters of an address: of the API, and of the page `/pedidos`."""

from datetime import date, datetime
from typing import Annotated, Literal, get_args

from fastapi import Depends, Query

from gateway.accounts.domain import Session
from gateway.dependencies import Services
from gateway.requests.list_filter import ListFilter, unread_since
from services.common.contracts.lifecycle import State
from services.common.domain.identifiers import parse_reference
from services.common.http import problem_types
from services.common.http.field_errors import FieldError
from services.common.http.problems import Problem
from services.common.http.query_parameters import QueryDay
from services.common.text import code as cleaned_code
from services.common.text.folding import LONGEST_QUERY, SHORTEST_WORD, searched_words

ListedState = Literal[
    "received",
    "registered",
    "in_analysis",
    "awaiting_documents",
    "answered",
    "concluded",
    "withdrawn",
    "rejected",
]


class ListQuery:
    """What the parameters say. Use it as a dependency."""

    def __init__(
        self,
        state: Annotated[
            ListedState | None, Query(description=f"Only requests in this state: {', '.join(get_args(ListedState))}.")
        ] = None,
        first: Annotated[
            QueryDay | None,
            Query(alias="from", description="The first day of filing, in Lisbon.", examples=["2027-01-01"]),
        ] = None,
        last: Annotated[
            QueryDay | None, Query(alias="to", description="The last day of filing.", examples=["2027-01-31"])
        ] = None,
        reference: Annotated[
            str | None, Query(max_length=100, description="Only this request. It may be typed with or without dashes.")
        ] = None,
        subject: Annotated[str | None, Query(max_length=64, description="A subject of the catalogue.")] = None,
        department: Annotated[str | None, Query(max_length=64, description="The department that has it.")] = None,
        q: Annotated[
            str | None,
            Query(
                max_length=LONGEST_QUERY,
                description="Words, or their beginnings, that are all in the request: in what you or a department wrote, in names of "
                "files, subject or reason. Accents and case do not count.",
            ),
        ] = None,
        unread: Annotated[bool, Query(description="Only requests with a notice that was not marked as read.")] = False,
    ) -> None:
        self.state = None if state is None else State(state)
        self.first, self.last = first, last
        self.reference = reference
        self.subject = None if subject is None else cleaned_code(subject).upper()
        self.department = None if department is None else cleaned_code(department).lower()
        self.q = q
        self.unread = unread

    def filter(self, mark: datetime | None = None) -> ListFilter:
        """`mark`: until when the account's notices are read. Raises the problem `invalid` for a text that is no reference, for an
        empty period, and for words that are too short.
        """
        return ListFilter(
            states=() if self.state is None else (self.state,),
            first=self.first,
            last=self._last(),
            reference=self._reference(),
            subject=self.subject,
            department=self.department,
            words=self._words(),
            unread_since=unread_since(mark) if self.unread else None,
        )

    def _last(self) -> date | None:
        if self.first is not None and self.last is not None and self.last < self.first:
            raise Problem(problem_types.INVALID, FieldError("last_before_first", parameter="to"))
        return self.last

    def _reference(self) -> str | None:
        if self.reference is None:
            return None
        reference = parse_reference(self.reference)
        if reference is None:
            raise Problem(problem_types.INVALID, FieldError("reference", parameter="reference"))
        return reference

    def _words(self) -> tuple[str, ...]:
        words = searched_words(self.q or "")
        if self.q and self.q.strip() and not words:
            raise Problem(problem_types.INVALID, FieldError("no_word", parameter="q", limit=SHORTEST_WORD))
        return words


ListQueryDep = Annotated[ListQuery, Depends()]


async def wanted_list(services: Services, session: Session, query: ListQuery) -> ListFilter:
    """The filter that the parameters say. Raises the problems of `ListQuery.filter`."""
    mark = await services.notice_marks.find(session.actor_id) if query.unread else None
    return query.filter(mark)
