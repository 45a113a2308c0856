"""A case of a department: its latest inbox event. The worker writes cases; the web process reads them."""

from services.common.contracts.base import Value
from services.common.contracts.departments import Assignment


class DeskCase(Value):
    """`closed`: nothing more is to be done for it."""

    closed: bool
    assignment: Assignment


def case_key(department: str, request_id: str) -> str:
    """Every department that has had a request keeps its own case of it."""
    return f"{department} {request_id}"
