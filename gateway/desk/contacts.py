"""Who a department's person is. Identity is in the gateway's accounts alone: a department asks for it, and says for what."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from gateway.accounts.domain import Account
from gateway.accounts.store import AccountStore
from gateway.desk.queries import DeskQueries
from gateway.desk.view import DeskCase
from gateway.limits.accounts import HOUR
from gateway.limits.counters import Counters, window_of
from gateway.requests.store import ViewStore
from gateway.requests.view import RequestView
from services.common.catalogue import catalogues
from services.common.http import problem_types
from services.common.http.problems import Problem
from services.common.telemetry import security

LIMIT: Final = "contacts"
"""The name of the limit in the `RateLimit` headers and in the security log."""

VIEW_SECONDS: Final = 2
"""Seconds until a view that is behind the case is tried again."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """`per_hour`: how many contacts each department may ask for in an hour, at all replicas together."""

    desk: DeskQueries
    views: ViewStore
    accounts: AccountStore
    counters: Counters
    per_hour: int

    async def of_case(self, department: str, assignment_id: UUID, purpose: str) -> Account:
        """The author of an open case of the department. The access log has the call before anybody has the answer.

        Raises the problem `not-found`, `author-protected`, `too-many`, `busy`, or `unavailable` while the case is newer than the
        view of its request.
        """
        now = datetime.now(UTC)
        with self.desk.place_of(department):
            await self._count(department, now)
            case = await self.desk.cases.find_open(department, assignment_id)
            if case is None:
                raise Problem(problem_types.NOT_FOUND)
            view = await self.views.find(case.assignment.reference)
            if view is None:
                raise Problem(problem_types.UNAVAILABLE, retry_after=VIEW_SECONDS)
            told = not _is_protected(case, view)
            about: dict[str, str | bool] = {"department": department, "reference": view.reference, "told": told}
            known = await self.accounts.record_access(view.account_id, purpose, now, **about)
            if not told:
                raise Problem(problem_types.AUTHOR_PROTECTED)
            account = await self.accounts.find(view.account_id) if known else None
        if account is None:
            raise Problem(problem_types.NOT_FOUND)
        return account

    async def _count(self, department: str, now: datetime) -> None:
        """Count the call, whatever its answer is: nobody finds cases by trying. Raises the problem `too-many`."""
        hour = window_of(HOUR, now)
        if (await self.counters.add(f"{LIMIT} {department}", hour, count=1))["count"] <= self.per_hour:
            return
        wait = hour.left(now)
        security.report("limit-reached", LIMIT, department=department)
        headers = {
            "RateLimit-Policy": f'"{LIMIT}";q={self.per_hour};w={HOUR}',
            "RateLimit": f'"{LIMIT}";r=0;t={wait}',
        }
        raise Problem(problem_types.TOO_MANY, retry_after=wait, headers=headers)


def _is_protected(case: DeskCase, view: RequestView) -> bool:
    """Whether the author reported an irregularity. Facts of older versions have no restriction, but their reason has, in some version of
    the catalogue; a reason that no version knows is taken for one.
    """
    known = [found for each in catalogues().versions if (found := each.reason(case.assignment.reason))]
    is_report = not known or any(each.restricted for each in known)
    return case.assignment.restricted or view.restricted_to is not None or is_report
