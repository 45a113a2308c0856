from pathlib import Path

import pytest

from deploy.cli.departments import make
from deploy.cli.invocation import Invocation
from deploy.operator.errors import OperatorError
from services.common.contracts.limits import MAX_TOKEN_DAYS

DRY_RUN = Invocation(Path("nowhere"))


@pytest.mark.parametrize(
    ("code", "days", "error"),
    [("xx", 1, "There is no department 'xx'"), ("pf", MAX_TOKEN_DAYS + 1, "at most 730 days")],
)
def test_a_token_that_cannot_be_made_is_refused_in_words(code: str, days: int, error: str) -> None:
    with pytest.raises(OperatorError, match=error):
        make(DRY_RUN, code, days)


def test_a_dry_run_says_what_would_be_made(capsys: pytest.CaptureFixture[str]) -> None:
    make(DRY_RUN, "pf", MAX_TOKEN_DAYS)
    assert "A token of pf would be made. It would be valid for 730 days." in capsys.readouterr().out
