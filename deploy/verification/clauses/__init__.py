"""All clauses."""

from typing import Final

from deploy.verification.clauses import (
    acts,
    cases,
    departments,
    files,
    lives,
    notices,
    order,
    records,
    requests,
    special,
    terms,
    undisturbed,
    views,
)
from deploy.verification.verdicts import Clause

CLAUSES: Final[tuple[Clause, ...]] = (
    *requests.CLAUSES,
    *lives.CLAUSES,
    *terms.CLAUSES,
    *acts.CLAUSES,
    *departments.CLAUSES,
    *cases.CLAUSES,
    *files.CLAUSES,
    *order.CLAUSES,
    *records.CLAUSES,
    *notices.CLAUSES,
    *views.CLAUSES,
    *special.CLAUSES,
)

UNDISTURBED: Final = undisturbed.CLAUSES
"""Further clauses for a run without faults."""
