"""The subjects that an operator may name."""

from deploy.operator.errors import OperatorError
from services.common.catalogue import catalogue
from services.common.text import code as cleaned_code


def require_subject(typed: str) -> str:
    """The code of the subject. Raises OperatorError for one that the catalogue does not have."""
    code, subjects = cleaned_code(typed).upper(), catalogue().subjects
    if code not in subjects:
        raise OperatorError(f"There is no subject '{typed}': choose one of {', '.join(subjects)}.")
    return code
