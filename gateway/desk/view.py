"""A case of a department: its latest inbox event. The worker writes cases; the web process reads them."""

from services.common.contracts.base import Code, Value
from services.common.contracts.departments import Assignment


class KeptAssignment(Assignment):
    """An inbox event of any type, with the fields that only some types have."""

    transferred_to: Code | None = None
    working_days_left: int | None = None


class DeskCase(Value):
    """`closed`: nothing more is to be done for it."""

    closed: bool
    assignment: KeptAssignment


def case_key(department: str, request_id: str) -> str:
    """Every department that has had a request keeps its own case of it."""
    return f"{department} {request_id}"
