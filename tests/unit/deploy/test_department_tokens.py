from pathlib import Path

import pytest

from deploy.cli.departments import make
from deploy.cli.invocation import Invocation
from deploy.operator.errors import OperatorError

DRY_RUN = Invocation(Path("nowhere"))


def test_a_token_of_an_unknown_department_is_refused_in_words() -> None:
    with pytest.raises(OperatorError, match="There is no department 'xx': choose one of"):
        make(DRY_RUN, "xx", 1)


def test_a_dry_run_says_what_would_be_made(capsys: pytest.CaptureFixture[str]) -> None:
    make(DRY_RUN, "pf", 365)
    assert "A token of pf would be made. It would be valid for 365 days." in capsys.readouterr().out
