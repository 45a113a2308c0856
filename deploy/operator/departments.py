"""The departments that an operator may name."""

from deploy.operator.errors import OperatorError
from services.common.catalogue import catalogue


def require_department(code: str) -> str:
    """Raises OperatorError for a department that the catalogue does not have."""
    departments = catalogue().departments
    if code not in departments:
        raise OperatorError(f"There is no department '{code}': choose one of {', '.join(departments)}.")
    return code
